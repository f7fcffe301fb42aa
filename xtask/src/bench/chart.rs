//! The chart of the README: instructions of a call that succeeds, beside reqwest's, a panel for each level.

use std::{error::Error, path::Path};

use figures::{Counts, Level, Outcome, Row, What};
use plotters::{
    coord::Shift,
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use crate::Done;

/// What is aimed at, as a share of reqwest's instructions.
const AIMS: [(Level, f64, RGBColor); 3] =
    [(Level::Client, 1.05, RGBColor(0x1f, 0x6f, 0xb4)), (Level::Trait, 1.10, RGBColor(0x2c, 0x8a, 0x57)), (Level::Router, 1.12, RGBColor(0xb3, 0x5c, 0x1e))];
const AIM: RGBColor = RGBColor(0xc0, 0x20, 0x30);
const INK: RGBColor = RGBColor(0x24, 0x29, 0x2f);
const GRID: RGBColor = RGBColor(0xe3, 0xe6, 0xea);
const FONT: &str = "sans-serif";

type Panel<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws the chart into a file.
pub(crate) fn draw(path: &Path, counts: &Counts) -> Done<()> {
    let rows: Vec<&Row> = counts.rows.iter().filter(|row| row.what == What::Instructions && row.outcome == Outcome::Success).collect();
    let shares = AIMS.iter().flat_map(|(level, aim, _)| rows.iter().filter_map(|row| row.levels.get(level)).map(|cost| cost.share).chain([*aim]));
    let (least, most) = shares.fold((1.0_f64, 1.0_f64), |(least, most), share| (least.min(share), most.max(share)));
    // Round twentieths, with room for the figure above the highest bar.
    let bounds = ((least * 20.0 + 1e-9).floor() / 20.0, ((most + 0.02) * 20.0).ceil() / 20.0);

    let whole = SVGBackend::new(path, (960, 380)).into_drawing_area();
    // White, so that it can be read on a dark page too.
    whole.fill(&WHITE).map_err(told)?;
    let whole = whole
        .titled("Instructions of one create, bare reqwest = 1; the red line is the aim", (FONT, 20).with_color(INK).into_text_style(&whole))
        .map_err(told)?;
    for ((level, aim, colour), panel) in AIMS.iter().zip(whole.split_evenly((1, AIMS.len()))) {
        draw_level(&panel, &rows, *level, *aim, *colour, bounds)?;
    }
    whole.present().map_err(told)
}

fn draw_level(panel: &Panel<'_>, rows: &[&Row], level: Level, aim: f64, colour: RGBColor, (least, most): (f64, f64)) -> Done<()> {
    use SegmentValue::{CenterOf, Exact};
    let last = rows.len().saturating_sub(1);
    let mut chart = ChartBuilder::on(panel)
        .caption(format!("{}, aim {aim:.2}", level.name()), (FONT, 17).with_color(INK))
        .margin(8)
        .x_label_area_size(28)
        .y_label_area_size(44)
        .build_cartesian_2d((0..last).into_segmented(), least..most)
        .map_err(told)?;
    let vendor = |place: &SegmentValue<usize>| match place {
        CenterOf(index) => rows.get(*index).map(|row| row.vendor.clone()).unwrap_or_default(),
        _ => String::new(),
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(TRANSPARENT)
        .x_label_formatter(&vendor)
        .y_label_formatter(&|share| format!("{share:.2}"))
        .label_style((FONT, 13).with_color(INK))
        .draw()
        .map_err(told)?;
    let line = |share: f64, style: ShapeStyle| PathElement::new([(Exact(0), share), (Exact(last + 1), share)], style);
    let figure = (FONT, 13).with_color(INK).into_text_style(panel).pos(Pos::new(HPos::Center, VPos::Bottom));
    let costs: Vec<f64> = rows.iter().filter_map(|row| row.levels.get(&level)).map(|cost| cost.share).collect();
    for (index, share) in costs.iter().enumerate() {
        let mut bar = Rectangle::new([(Exact(index), 1.0), (Exact(index + 1), *share)], colour.filled());
        bar.set_margin(0, 0, 11, 11);
        chart.draw_series([bar]).map_err(told)?;
    }
    chart.draw_series([line(1.0, INK.stroke_width(1)), line(aim, AIM.stroke_width(2))]).map_err(told)?;
    for (index, share) in costs.iter().enumerate() {
        // On white, since the line of the aim may go through it.
        let beneath = Rectangle::new([(-16, -15), (16, -2)], WHITE.filled());
        let above = EmptyElement::at((CenterOf(index), share.max(1.0))) + beneath + Text::new(format!("{share:.2}"), (0, -2), figure.clone());
        chart.draw_series([above]).map_err(told)?;
    }
    Ok(())
}

fn told(error: impl Error) -> Box<dyn Error> {
    format!("the chart: {error}").into()
}
