//! The tutorial's three picture grids.

use anyhow::{Context, Result, anyhow};
use epaint_default_fonts::UBUNTU_LIGHT;
use image::{ImageFormat, RgbImage};
use plotters::prelude::*;
use plotters::style::register_font;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::Sample;
use crate::class::Class;
use crate::picture::{Picture, SIDE};

/// Pictures are shown at twice their size.
const ZOOM: u32 = 2;
const CELL: u32 = SIDE as u32 * ZOOM;
const GAP: u32 = 8;
const TITLE: u32 = 22;

/// File names of the grids, in the order of [`grids`].
pub const NAMES: [&str; 3] =
    ["1-original-and-reconstruction.png", "2-attacked.png", "3-attacked-and-reconstruction.png"];

/// What the grids show.
pub const CAPTIONS: [&str; 3] = [
    "Clean pictures, and below them their reconstructions.",
    "Attacked pictures.",
    "Attacked pictures, and below them their reconstructions.",
];

/// Picture and predicted class.
type Cell<'a> = (&'a Picture, Class);

/// PNG bytes of the three grids: originals above their reconstructions, attacked pictures, attacked pictures
/// above their reconstructions.
///
/// # Errors
/// When drawing fails.
pub fn grids(samples: &[Sample]) -> Result<[Vec<u8>; 3]> {
    let clean = |s: &Sample| Class::most_likely(&s.record.clean.prediction);
    let reconstructed = |s: &Sample| Class::most_likely(&s.record.clean.reconstruction_prediction);
    let attacked = |s: &Sample| Class::most_likely(&s.record.attacked.prediction);
    let attacked_reconstructed =
        |s: &Sample| Class::most_likely(&s.record.attacked.reconstruction_prediction);
    let truth: Vec<Class> = samples.iter().map(|s| s.record.class).collect();
    let originals: Vec<Cell> = samples.iter().map(|s| (&s.clean, clean(s))).collect();
    let reconstructions: Vec<Cell> =
        samples.iter().map(|s| (&s.reconstructed, reconstructed(s))).collect();
    let attacked_pictures: Vec<Cell> = samples.iter().map(|s| (&s.attacked, attacked(s))).collect();
    let attacked_reconstructions: Vec<Cell> =
        samples.iter().map(|s| (&s.attacked_reconstructed, attacked_reconstructed(s))).collect();
    Ok([
        grid(&truth, &[originals, reconstructions])?,
        grid(&truth, std::slice::from_ref(&attacked_pictures))?,
        grid(&truth, &[attacked_pictures.clone(), attacked_reconstructions])?,
    ])
}

/// The font of all drawings: plotters finds none by itself on a machine without a desktop.
///
/// # Errors
/// When it cannot be read.
pub(super) fn register_fonts() -> Result<()> {
    register_font("sans-serif", FontStyle::Normal, UBUNTU_LIGHT)
        .map_err(|_| anyhow!("the font for the titles cannot be read"))
}

fn grid(truth: &[Class], rows: &[Vec<Cell>]) -> Result<Vec<u8>> {
    let width = truth.len() as u32 * (CELL + GAP) + GAP;
    let height = rows.len() as u32 * (CELL + TITLE + GAP) + GAP;
    let mut pixels = vec![0; (width * height * 3) as usize];
    register_fonts()?;
    draw(&mut pixels, (width, height), truth, rows)
        .map_err(|e| anyhow!("cannot draw a grid: {e}"))?;
    let image = RgbImage::from_raw(width, height, pixels).context("the grid has another size")?;
    let mut png = std::io::Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png)?;
    Ok(png.into_inner())
}

fn draw(
    pixels: &mut [u8],
    size: (u32, u32),
    truth: &[Class],
    rows: &[Vec<Cell>],
) -> Result<(), Box<dyn std::error::Error>> {
    let area = BitMapBackend::with_buffer(pixels, size).into_drawing_area();
    area.fill(&WHITE)?;
    for (row, cells) in rows.iter().enumerate() {
        for (column, ((picture, predicted), truth)) in cells.iter().zip(truth).enumerate() {
            let x = (GAP + column as u32 * (CELL + GAP)) as i32;
            let y = (GAP + row as u32 * (CELL + TITLE + GAP)) as i32;
            let colour =
                if predicted == truth { RGBColor(0, 110, 60) } else { RGBColor(190, 20, 30) };
            let title = format!("{predicted} (true: {truth})");
            let style = ("sans-serif", 16)
                .into_font()
                .color(&colour)
                .pos(Pos::new(HPos::Center, VPos::Center));
            area.draw(&Text::new(title, (x + CELL as i32 / 2, y + TITLE as i32 / 2), style))?;
            let large = image::imageops::resize(
                &picture.to_rgb(),
                CELL,
                CELL,
                image::imageops::FilterType::Nearest,
            );
            let bitmap: BitMapElement<_> = BitMapElement::with_owned_buffer(
                (x, y + TITLE as i32),
                (CELL, CELL),
                large.into_raw(),
            )
            .ok_or("a picture has another size")?;
            area.draw(&bitmap)?;
        }
    }
    area.present()?;
    Ok(())
}
