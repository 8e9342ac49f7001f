//! The report's charts: inline SVG. Their colours are only names: the style sheet has a rule for each, for light and dark.

use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::evaluation::figures::register_fonts;

/// Width and height in pixels.
const SIZE: (u32, u32) = (380, 270);

/// Lines and text.
const INK: RGBColor = RGBColor(0x22, 0x22, 0x21);
const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdc);
/// A line that curves are compared with.
const GUIDE: RGBColor = RGBColor(0x77, 0x77, 0x76);

/// What a line stands for; each has a colour and dashes of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The classifier, or clean pictures.
    First,
    /// The detector, or attacked pictures.
    Second,
    /// The answer.
    Third,
}

impl Role {
    /// The colour in the style sheet's light half.
    fn colour(self) -> RGBColor {
        match self {
            Role::First => RGBColor(0x1b, 0x5e, 0x9b),
            Role::Second => RGBColor(0xb8, 0x32, 0x1f),
            Role::Third => RGBColor(0x1d, 0x76, 0x40),
        }
    }

    /// The style sheet's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Role::First => "first",
            Role::Second => "second",
            Role::Third => "third",
        }
    }
}

/// How an axis is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Each step is a factor.
    Logarithmic,
}

/// An axis.
pub struct Axis<'a> {
    pub label: &'a str,
    pub from: f64,
    pub to: f64,
    pub scale: Scale,
}

impl Axis<'_> {
    /// Shares, 0 to 1.
    pub fn share(label: &str) -> Axis<'_> {
        Axis { label, from: 0.0, to: 1.0, scale: Scale::Linear }
    }

    /// Where a value is drawn.
    fn place(&self, value: f64) -> f64 {
        let value = value.clamp(self.from, self.to);
        match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.log10(),
        }
    }

    fn tick(&self, place: f64) -> String {
        let value = match self.scale {
            Scale::Linear => place,
            Scale::Logarithmic => 10f64.powf(place),
        };
        let text = match value.abs() {
            10.0.. => format!("{value:.0}"),
            1.0.. => format!("{value:.1}"),
            0.1.. => format!("{value:.2}"),
            0.01.. => format!("{value:.3}"),
            _ => format!("{value:.4}"),
        };
        let Some((_, decimals)) = text.split_once('.') else { return text };
        let superfluous = decimals.len() - decimals.trim_end_matches('0').len();
        text[..text.len() - superfluous].trim_end_matches('.').to_owned()
    }
}

/// A line with its role.
pub struct Line {
    pub role: Role,
    pub points: Vec<(f64, f64)>,
    /// Whether each point is marked.
    pub marked: bool,
    /// Low and high at each point; empty without intervals.
    pub band: Vec<(f64, f64)>,
}

/// A chart.
pub struct Chart<'a> {
    pub x: Axis<'a>,
    pub y: Axis<'a>,
    pub lines: Vec<Line>,
    /// Guides from point to point.
    pub guides: Vec<[(f64, f64); 2]>,
}

impl Chart<'_> {
    /// The chart as SVG.
    ///
    /// # Errors
    /// When it cannot be drawn.
    pub fn svg(&self) -> Result<String> {
        register_fonts()?;
        let mut svg = String::new();
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        self.draw(&area).map_err(|e| anyhow!("cannot draw a chart: {e}"))?;
        drop(area);
        Ok(svg)
    }

    fn draw(
        &self,
        area: &DrawingArea<SVGBackend<'_>, Shift>,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let Self { x, y, .. } = self;
        let mut chart = ChartBuilder::on(area)
            .margin(8)
            .margin_right(16)
            .x_label_area_size(40)
            .y_label_area_size(48)
            .build_cartesian_2d(x.place(x.from)..x.place(x.to), y.place(y.from)..y.place(y.to))?;
        let text = ("sans-serif", 15).into_font().color(&INK);
        chart
            .configure_mesh()
            .axis_style(INK)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .label_style(text.clone())
            .axis_desc_style(text)
            .x_desc(x.label)
            .y_desc(y.label)
            .x_labels(6)
            .y_labels(6)
            .x_label_formatter(&|place| x.tick(*place))
            .y_label_formatter(&|place| y.tick(*place))
            .draw()?;
        let at = |(a, b): (f64, f64)| (x.place(a), y.place(b));
        for guide in &self.guides {
            chart.draw_series([PathElement::new(guide.map(at).to_vec(), GUIDE)])?;
        }
        for line in &self.lines {
            let colour = line.role.colour();
            // Whiskers, not a shaded band: they stay readable where lines cross.
            let whiskers = line.points.iter().zip(&line.band).map(|((x, _), (low, high))| {
                PathElement::new(vec![at((*x, *low)), at((*x, *high))], colour)
            });
            chart.draw_series(whiskers)?;
            let points: Vec<_> = line.points.iter().map(|point| at(*point)).collect();
            if line.marked {
                chart.draw_series(points.iter().map(|p| Circle::new(*p, 3, colour.filled())))?;
            }
            chart.draw_series([PathElement::new(points, colour.stroke_width(2))])?;
        }
        area.present()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(x: Axis<'_>) -> String {
        let line = |role| Line {
            role,
            points: vec![(0.01, 0.25), (0.1, 0.5)],
            marked: true,
            band: vec![(0.2, 0.3), (0.4, 0.6)],
        };
        let lines = vec![line(Role::First), line(Role::Second)];
        let guides = vec![[(0.01, 0.0), (0.1, 1.0)]];
        Chart { x, y: Axis::share("share"), lines, guides }.svg().unwrap()
    }

    /// A colour without a rule would be invisible in the dark.
    #[test]
    fn every_colour_of_a_chart_has_its_rule_in_the_style_sheet() {
        let svg =
            chart(Axis { label: "eps & <more>", from: 0.01, to: 0.1, scale: Scale::Logarithmic });
        assert!(svg.contains("eps &amp; &lt;more&gt;"));
        let mut colours: Vec<&str> =
            svg.match_indices("=\"#").map(|(at, _)| &svg[at + 2..at + 9]).collect();
        colours.sort_unstable();
        colours.dedup();
        assert!(colours.len() >= 5, "{colours:?}");
        for colour in colours {
            assert!(super::super::STYLE.contains(&format!("\"{colour}\"")), "{colour}");
        }
    }

    #[test]
    fn points_are_where_their_values_say() {
        let circles = |svg: &str| -> Vec<(f64, f64)> {
            let of = |tag: &str, name: &str| -> f64 {
                let from = tag.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
                tag[from..].split('"').next().unwrap().parse().unwrap()
            };
            svg.split("<circle").skip(1).map(|tag| (of(tag, "cx"), of(tag, "cy"))).collect()
        };
        let linear = circles(&chart(Axis { label: "", from: 0.0, to: 0.1, scale: Scale::Linear }));
        let logarithmic =
            circles(&chart(Axis { label: "", from: 0.001, to: 0.1, scale: Scale::Logarithmic }));
        // 0.01 is a tenth of the way to 0.1, or half of it; 0.5 is the middle of the other axis, 0.25 below.
        let (left, right) = (56.0, f64::from(SIZE.0) - 16.0);
        for (points, share) in [(linear, 0.1), (logarithmic, 0.5)] {
            assert!((points[0].0 - (left + share * (right - left))).abs() <= 2.0, "{points:?}");
            assert!((points[1].0 - right).abs() <= 2.0, "{points:?}");
            assert!(points[1].1 < points[0].1, "up is more");
        }
    }

    #[test]
    fn ticks_are_short() {
        let axis = |scale| Axis { label: "", from: 0.001, to: 1.0, scale };
        for (place, text) in [(0.0, "0"), (0.5, "0.5"), (0.25, "0.25"), (1.0, "1"), (200.0, "200")]
        {
            assert_eq!(axis(Scale::Linear).tick(place), text);
        }
        assert_eq!(axis(Scale::Logarithmic).tick(-2.0), "0.01");
        assert_eq!(axis(Scale::Logarithmic).tick(1.0), "10");
    }
}
