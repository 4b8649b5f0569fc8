// SPDX-License-Identifier: Apache-2.0
// A main for fuzz targets in builds without libFuzzer: runs every file of the
// folders named, and --mutations=N changed copies of each, always the same
// ones. A crash or an abort is the failure; a target reports by aborting.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

void RunOne(const Bytes& bytes) {
  // A copy of exactly this size, so that a sanitizer sees reads beyond it.
  const Bytes exact(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

// One to eight changes: a bit, a byte, a cut, a hole, a doubled stretch, or
// one of the numbers that lengths go wrong with.
Bytes Mutate(Bytes bytes, std::mt19937_64& random) {
  static constexpr uint8_t kBytes[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0xc0};
  for (uint64_t change = random() % 8; change < 8; ++change) {
    if (bytes.empty()) bytes.push_back(0);
    const size_t at = random() % bytes.size();
    const auto place = bytes.begin() + static_cast<ptrdiff_t>(at);
    const size_t length = 1 + random() % std::min<size_t>(bytes.size() - at, 8);
    const auto end = place + static_cast<ptrdiff_t>(length);
    switch (random() % 6) {
      case 0:
        *place ^= static_cast<uint8_t>(1U << random() % 8);
        break;
      case 1:
        *place = kBytes[random() % std::size(kBytes)];
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.erase(place, end);
        break;
      case 4: {
        const Bytes stretch(place, end);
        bytes.insert(place, stretch.begin(), stretch.end());
        break;
      }
      default:
        std::fill(place, end, kBytes[random() % std::size(kBytes)]);
    }
  }
  return bytes;
}

// The files below the folders, sorted, so that every run is the same.
std::vector<fs::path> FilesOf(const std::vector<fs::path>& folders) {
  std::vector<fs::path> files;
  for (const fs::path& folder : folders) {
    if (fs::is_regular_file(folder)) files.push_back(folder);
    if (!fs::is_directory(folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

Bytes ReadBytes(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(stream), {});
}

// The N of "--mutations=N", or -1.
int MutationsOf(std::string_view argument) {
  static constexpr std::string_view kName = "--mutations=";
  int count = -1;
  if (!argument.starts_with(kName)) return -1;
  argument.remove_prefix(kName.size());
  std::from_chars(argument.data(), argument.data() + argument.size(), count);
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  int mutations = 0;
  std::vector<fs::path> folders;
  for (int i = 1; i < argc; ++i) {
    if (const int count = MutationsOf(argv[i]); count >= 0) {
      mutations = count;
    } else {
      folders.emplace_back(argv[i]);
    }
  }
  const std::vector<fs::path> files = FilesOf(folders);
  if (files.empty()) {
    std::fprintf(stderr, "usage: %s [--mutations=N] FOLDER... (no file)\n",
                 argv[0]);
    return 2;
  }
  RunOne({});
  uint64_t seed = 0;
  for (const fs::path& file : files) {
    const Bytes bytes = ReadBytes(file);
    RunOne(bytes);
    std::mt19937_64 random(++seed);
    for (int i = 0; i < mutations; ++i) RunOne(Mutate(bytes, random));
  }
  std::printf("%zu files, %zu mutations of them: all ran\n", files.size(),
              files.size() * static_cast<size_t>(mutations));
  return 0;
}
