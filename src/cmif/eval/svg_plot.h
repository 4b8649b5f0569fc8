// SPDX-License-Identifier: Apache-2.0
// Small plots as SVG files: no script, no font or style from elsewhere; every
// text is escaped. Pure functions; thread-safe.
#ifndef CMIF_EVAL_SVG_PLOT_H_
#define CMIF_EVAL_SVG_PLOT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cmif::eval {

struct PlotPoint {
  double x = 0;
  double y = 0;
};

// Points that are not finite are left out.
struct PlotSeries {
  std::string name;
  std::vector<PlotPoint> points;
};

struct PlotText {
  std::string title;
  std::string x_label;
  std::string y_label;
};

// One line with markers for each series, a legend beside; axes from the data,
// including 0 for y.
std::string LinePlot(const PlotText& text, const std::vector<PlotSeries>& all);

// One bar for each count, from x = 0 in steps of bin_width.
std::string HistogramPlot(const PlotText& text, double bin_width,
                          const std::vector<uint64_t>& counts);

// For text and attributes: < > & " ' as entities; control characters (which
// XML does not allow) as '?'.
std::string EscapeXml(std::string_view text);

// About six round numbers from `low` to `high`, at least one.
std::vector<double> Ticks(double low, double high);

}  // namespace cmif::eval

#endif  // CMIF_EVAL_SVG_PLOT_H_
