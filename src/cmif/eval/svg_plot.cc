// SPDX-License-Identifier: Apache-2.0
#include "cmif/eval/svg_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace cmif::eval {
namespace {

constexpr double kPlot = 470;    // width between the axes' ends
constexpr double kLegend = 260;  // to the right of it, where there is one
constexpr double kHeight = 400;
constexpr double kLeft = 70;
constexpr double kRight = 25;
constexpr double kGap = 0.5;  // between bars
constexpr double kTop = 40;
constexpr double kBottom = 55;

// Okabe and Ito's palette, distinguishable for the colour-blind.
constexpr std::array<const char*, 8> kColours = {
    "#0072b2", "#d55e00", "#009e73", "#cc79a7",
    "#e69f00", "#56b4e9", "#000000", "#999999"};
constexpr std::array<const char*, 4> kDashes = {"none", "6 3", "2 3",
                                                "8 3 2 3"};

struct Range {
  double low = 0;
  double high = 1;
  void Include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

// The step of about six round numbers from `low` to `high`.
double TickStep(double low, double high) {
  const double raw = (high - low) / 6;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw) return factor * power;
  }
  return 10 * power;
}

// Counts of millions as "20 M".
std::string TickLabel(double value) {
  for (const auto& [unit, name] :
       {std::pair{1e9, " G"}, std::pair{1e6, " M"}, std::pair{1e4, " k"}}) {
    const double factor = unit == 1e4 ? 1e3 : unit;
    if (std::abs(value) >= unit) {
      return fmt::format("{:.4g}{}", value / factor, name);
    }
  }
  return fmt::format("{:.4g}", value);
}

bool Finite(const PlotPoint& point) {
  return std::isfinite(point.x) && std::isfinite(point.y);
}

class Canvas {
 public:
  // `legend`: the width left for it.
  Canvas(const PlotText& text, Range x, Range y, double legend)
      : x_(x), y_(y), width_(kLeft + kPlot + kRight + legend) {
    if (!(x_.high > x_.low)) x_.high = x_.low + 1;
    if (!(y_.high > y_.low)) y_.high = y_.low + 1;
    const double step = TickStep(y_.low, y_.high);
    y_.high = step * std::ceil(y_.high / step - 1e-9);
    svg_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" "
        "width=\"{0}\" height=\"{1}\" font-family=\"sans-serif\" "
        "font-size=\"12\" role=\"img\">\n<title>{2}</title>\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
        width_, kHeight, EscapeXml(text.title));
    const double centre = kLeft + kPlot / 2;
    Text(centre, 22, "middle", text.title, " font-size=\"15\"");
    Text(centre, kHeight - 12, "middle", text.x_label);
    const double middle = (kTop + kHeight - kBottom) / 2;
    Text(18, middle, "middle", text.y_label,
         fmt::format(" transform=\"rotate(-90 18 {})\"", middle));
    Axes();
  }

  double X(double value) const {
    return kLeft + (value - x_.low) / (x_.high - x_.low) * kPlot;
  }
  double Y(double value) const {
    return kHeight - kBottom -
           (value - y_.low) / (y_.high - y_.low) * (kHeight - kTop - kBottom);
  }
  void Add(std::string_view element) { svg_ += element; }
  void Text(double x, double y, std::string_view anchor, std::string_view text,
            std::string_view more = {}) {
    svg_ += fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x,
        y, anchor, more, EscapeXml(text));
  }
  std::string Done() && { return std::move(svg_) + "</svg>\n"; }

 private:
  void Line(double x1, double y1, double x2, double y2, std::string_view ink) {
    svg_ += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" "
        "stroke=\"{}\"/>\n",
        x1, y1, x2, y2, ink);
  }
  void Axes() {
    for (const double tick : Ticks(y_.low, y_.high)) {
      Line(kLeft, Y(tick), kLeft + kPlot, Y(tick), "#dddddd");
      Text(kLeft - 6, Y(tick) + 4, "end", TickLabel(tick));
    }
    for (const double tick : Ticks(x_.low, x_.high)) {
      Line(X(tick), kHeight - kBottom, X(tick), kHeight - kBottom + 5, "black");
      Text(X(tick), kHeight - kBottom + 19, "middle", TickLabel(tick));
    }
    Line(kLeft, kHeight - kBottom, kLeft + kPlot, kHeight - kBottom, "black");
    Line(kLeft, kTop, kLeft, kHeight - kBottom, "black");
  }

  Range x_;
  Range y_;
  double width_;
  std::string svg_;
};

void DrawSeries(const PlotSeries& series, size_t index, Canvas& canvas) {
  const char* colour = kColours[index % kColours.size()];
  // Moved on by one each time the colours start anew.
  const char* dash =
      kDashes[(index + index / kColours.size()) % kDashes.size()];
  std::string line;
  std::string markers;
  for (const PlotPoint& point : series.points) {
    if (!Finite(point)) continue;
    const double x = canvas.X(point.x);
    const double y = canvas.Y(point.y);
    line += fmt::format("{:.1f},{:.1f} ", x, y);
    markers += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n", x, y,
        colour);
  }
  const double legend = kTop + 10 + 20 * static_cast<double>(index);
  const std::string style = fmt::format(
      "fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-dasharray=\"{}\"",
      colour, dash);
  canvas.Add(fmt::format("<polyline points=\"{}\" {}/>\n", line, style));
  canvas.Add(markers);
  const double left = kLeft + kPlot + kRight;
  canvas.Add(fmt::format("<polyline points=\"{0},{1} {2},{1}\" {3}/>\n", left,
                         legend, left + 26, style));
  canvas.Text(left + 32, legend + 4, "start", series.name);
}

}  // namespace

std::string LinePlot(const PlotText& text, const std::vector<PlotSeries>& all) {
  bool any = false;
  Range x;
  Range y{0, 0};
  for (const PlotSeries& series : all) {
    for (const PlotPoint& point : series.points) {
      if (!Finite(point)) continue;
      if (!any) x = {point.x, point.x};
      any = true;
      x.Include(point.x);
      y.Include(point.y);
    }
  }
  Canvas canvas(text, x, y, kLegend);
  for (size_t i = 0; i < all.size(); ++i) DrawSeries(all[i], i, canvas);
  return std::move(canvas).Done();
}

std::string HistogramPlot(const PlotText& text, double bin_width,
                          const std::vector<uint64_t>& counts) {
  Range y{0, 0};
  for (const uint64_t count : counts) y.Include(static_cast<double>(count));
  const double end = bin_width * static_cast<double>(counts.size());
  Canvas canvas(text, {0, end}, y, 0);
  for (size_t i = 0; i < counts.size(); ++i) {
    const double left = canvas.X(bin_width * static_cast<double>(i));
    const double right = canvas.X(bin_width * static_cast<double>(i + 1));
    const double top = canvas.Y(static_cast<double>(counts[i]));
    canvas.Add(fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
        "fill=\"#0072b2\"/>\n",
        left, top, std::max(right - left - kGap, kGap), canvas.Y(0) - top));
  }
  return std::move(canvas).Done();
}

std::string EscapeXml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default: {
        const auto byte = static_cast<uint8_t>(c);
        const bool control = byte < 0x20 && c != '\n' && c != '\t';
        out += control || byte == 0x7F ? '?' : c;
      }
    }
  }
  return out;
}

std::vector<double> Ticks(double low, double high) {
  if (!(high > low) || !std::isfinite(high - low)) return {low};
  const double step = TickStep(low, high);
  std::vector<double> ticks;
  const double first = std::ceil(low / step - 1e-9);
  const double last = std::floor(high / step + 1e-9);
  for (double n = first; n <= last; ++n)
    ticks.push_back(n * step + 0.0);  // no -0
  return ticks;
}

}  // namespace cmif::eval
