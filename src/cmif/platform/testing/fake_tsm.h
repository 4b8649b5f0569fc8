// SPDX-License-Identifier: Apache-2.0
#ifndef CMIF_PLATFORM_TESTING_FAKE_TSM_H_
#define CMIF_PLATFORM_TESTING_FAKE_TSM_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cmif/platform/kernel_files.h"

namespace cmif::platform::testing {

// configfs-tsm as the kernel's drivers behave. Not thread-safe.
class FakeTsm final : public KernelFiles {
 public:
  // What the machine is, and how it misbehaves.
  std::string provider = "sev_guest\n";
  std::vector<uint8_t> auxblob;
  bool has_auxblob = true;
  std::string floor;            // of privlevel; empty: there is none
  bool empty_outblob = false;   // the host gives nothing, and says nothing
  size_t outblob_bytes = 1184;  // of a report
  Errno folder_error = 0;       // of the next MakeFolder
  int names_taken = 0;          // MakeFolder says EEXIST so often
  int busy = 0;                 // reads and writes say EBUSY so often
  int strangers = 0;            // others write to so many entries
  Errno outblob_error = 0;

  // What was asked and is left.
  int entries_made = 0;
  size_t entries_left() const { return entries_.size(); }
  std::string privlevel;  // of the last request

  bool Exists(const std::string& path) override;
  Errno MakeFolder(const std::string& path) override;
  Errno RemoveFolder(const std::string& path) override;
  Errno Write(const std::string& path, std::span<const uint8_t> bytes) override;
  std::expected<std::vector<uint8_t>, Errno> Read(const std::string& path,
                                                  size_t limit_bytes) override;

 private:
  struct Entry {
    std::vector<uint8_t> inblob;
    std::string privlevel = "0";
    int generation = 0;
  };
  std::expected<std::vector<uint8_t>, Errno> Outblob(Entry& entry);

  std::map<std::string, Entry> entries_;
};

}  // namespace cmif::platform::testing

#endif  // CMIF_PLATFORM_TESTING_FAKE_TSM_H_
