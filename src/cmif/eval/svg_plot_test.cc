// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/svg_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace cmif::eval {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(SvgPlotTest, TextIsEscaped) {
  EXPECT_EQ(EscapeXml("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
  EXPECT_EQ(EscapeXml(std::string("x\0y\x1b", 4)), "x?y?");
  const std::string svg =
      LinePlot({.title = "<script>", .x_label = "a&b", .y_label = "\"y\""},
               {{.name = "</svg>", .points = {{1, 2}}}});
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(svg, HasSubstr("&lt;/svg&gt;"));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST(SvgPlotTest, NothingIsFetched) {
  const std::string svg = LinePlot({.title = "t", .x_label = "", .y_label = ""},
                                   {{.name = "n", .points = {{0, 1}, {1, 2}}}});
  EXPECT_THAT(svg, Not(HasSubstr("href")));
  EXPECT_THAT(svg, Not(HasSubstr("url(")));
  EXPECT_THAT(svg, Not(HasSubstr("@import")));
}

TEST(SvgPlotTest, PointsThatAreNotFiniteAreLeftOut) {
  const std::string svg = LinePlot(
      {}, {{.name = "n", .points = {{0, NAN}, {INFINITY, 1}, {1, 2}, {2, 3}}}});
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
  size_t circles = 0;
  for (size_t at = 0; (at = svg.find("<circle", at)) != svg.npos; ++at) {
    ++circles;
  }
  EXPECT_EQ(circles, 2U);
}

TEST(SvgPlotTest, EmptyAndConstantDataHaveAxes) {
  for (const std::string& svg :
       {LinePlot({}, {}), LinePlot({}, {{.name = "n", .points = {{3, 0}}}}),
        HistogramPlot({}, 0.1, {}), HistogramPlot({}, 0.1, {0, 0})}) {
    EXPECT_TRUE(svg.starts_with("<svg "));
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
  }
}

TEST(SvgPlotTest, OneBarForEachCount) {
  const std::string svg = HistogramPlot({}, 0.5, {3, 0, 6});
  size_t bars = 0;
  for (size_t at = 0; (at = svg.find("fill=\"#0072b2\"", at)) != svg.npos;
       ++at) {
    ++bars;
  }
  EXPECT_EQ(bars, 3U);
}

TEST(SvgPlotTest, NoTwoSeriesLookAlike) {
  std::vector<PlotSeries> all(12);
  for (PlotSeries& series : all) series.points = {{0, 1}, {1, 2}};
  const std::string svg = LinePlot({}, all);
  std::set<std::string> styles;
  size_t at = 0;
  while ((at = svg.find("stroke=\"#", at)) != svg.npos) {
    const size_t end = svg.find("/>", at);
    const std::string style = svg.substr(at, end - at);
    if (style.find("dasharray") != style.npos) styles.insert(style);
    at = end;
  }
  EXPECT_EQ(styles.size(), all.size());
}

TEST(SvgPlotTest, LabelsAreShortAndHaveNoMinusZero) {
  const std::string svg = HistogramPlot({}, 1, {0, 250'000'000});
  EXPECT_THAT(svg, HasSubstr(">200 M<"));
  EXPECT_THAT(svg, HasSubstr(">0<"));
  EXPECT_THAT(svg, Not(HasSubstr("-0<")));
  EXPECT_THAT(HistogramPlot({}, 1, {50'000}), HasSubstr(">50 k<"));
}

TEST(SvgPlotTest, TicksAreRound) {
  EXPECT_THAT(Ticks(0, 1),
              ::testing::Pointwise(::testing::DoubleNear(1e-12),
                                   {0.0, 0.2, 0.4, 0.6, 0.8, 1.0}));
  EXPECT_EQ(Ticks(5, 5).size(), 1U);
  EXPECT_GE(Ticks(-0.3, 17.2).size(), 3U);
  EXPECT_EQ(Ticks(0, INFINITY).size(), 1U);
}

}  // namespace
}  // namespace cmif::eval
