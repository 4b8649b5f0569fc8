// SPDX-License-Identifier: Apache-2.0
// Texts of our own writing for demo-sized measurements.
#ifndef CMIF_CLI_BENCH_TEXT_H_
#define CMIF_CLI_BENCH_TEXT_H_

#include <array>
#include <string_view>

namespace cmif::cli {

// In the manner of short film reviews, 4 to 25 words, some of which no
// vocabulary holds as one token.
inline constexpr std::array<std::string_view, 16> kReviews = {
    "a quiet and patient story about two brothers who stop talking",
    "the jokes arrive late and leave early",
    "one of the loveliest endings of the year , and it is earned",
    "overwritten , underlit and far too pleased with itself",
    "the young lead carries every scene as if it were nothing",
    "a thriller that forgets to thrill and a romance that forgets to kiss",
    "it is hard to dislike a film with this much heart",
    "two hours of people explaining the plot to each other",
    "sly , generous and often very funny",
    "the monster looks like a wet carpet and acts like one too",
    "i left the theatre wanting to call my mother",
    "a handsomely photographed bore",
    "what begins as a heist turns into a tender portrait of an aging thief",
    "the second half undoes everything that the first half so carefully built",
    "never less than watchable and sometimes quietly astonishing",
    "a sequel nobody asked for , made by people nobody asked"};

inline constexpr std::string_view kPassage =
    "The old harbour town lies on the north side of a wide bay. In the morning "
    "the fishing boats come home and the market fills with people who argue "
    "about the price of herring. Behind the market a narrow street climbs to "
    "the church, whose tower was struck by lightning twice in one century and "
    "rebuilt each time a little lower than before. A retired teacher keeps the "
    "keys and tells visitors how the bells were hidden in a barn during the "
    "war. From the top you can see the islands, the ferry, and on clear days "
    "the white line of the opposite shore. The library next door owns three "
    "thousand letters of sailors, and every winter volunteers read some of "
    "them aloud to whoever comes in from the cold. ";

}  // namespace cmif::cli

#endif  // CMIF_CLI_BENCH_TEXT_H_
