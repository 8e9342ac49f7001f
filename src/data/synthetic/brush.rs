//! Inks, and the scene they are laid on.

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use tiny_skia::{
    Color, FillRule, GradientStop, LinearGradient, Mask, Paint, Pixmap, Point, RadialGradient,
    Shader, SpreadMode, Transform,
};

use super::shape::{At, Placement, Shape};

/// Side of a finished picture in pixels, and of the scene in units.
pub const SIDE: u32 = crate::picture::SIDE as u32;
/// Painted pixels to a finished pixel, in each direction.
pub const OVERSAMPLE: u32 = 2;

/// A colour with an opacity, each part from 0 to 1.
#[derive(Clone, Copy, Debug)]
pub struct Ink {
    r: f32,
    g: f32,
    b: f32,
    a: f32,
}

impl Ink {
    pub const BLACK: Self = Self::hex(0x00_0000);
    pub const WHITE: Self = Self::hex(0xff_ffff);
    /// Outlines of small features: softer than black, as in a photograph.
    pub const DARK: Self = Self::hex(0x1e_1a1c);

    /// The opaque colour written `0xRRGGBB`.
    pub const fn hex(rgb: u32) -> Self {
        let [_, r, g, b] = rgb.to_be_bytes();
        Self { r: r as f32 / 255.0, g: g as f32 / 255.0, b: b as f32 / 255.0, a: 1.0 }
    }

    /// This ink with the share `t` replaced by `other`; the opacity stays.
    pub fn mix(self, other: Self, t: f32) -> Self {
        let between = |from: f32, to: f32| (from + (to - from) * t).clamp(0.0, 1.0);
        Self {
            r: between(self.r, other.r),
            g: between(self.g, other.g),
            b: between(self.b, other.b),
            a: self.a,
        }
    }

    pub fn lighter(self, t: f32) -> Self {
        self.mix(Self::WHITE, t)
    }

    pub fn darker(self, t: f32) -> Self {
        self.mix(Self::BLACK, t)
    }

    pub fn alpha(self, a: f32) -> Self {
        Self { a, ..self }
    }

    fn color(self) -> Color {
        Color::from_rgba(self.r, self.g, self.b, self.a).unwrap_or(Color::BLACK)
    }
}

/// How a shape is coloured in.
#[derive(Clone, Copy, Debug)]
pub enum Fill {
    Flat(Ink),
    /// From one place to another along a straight line.
    Linear(At, At, Ink, Ink),
    /// From the centre of a disc to its rim.
    Radial(At, f32, Ink, Ink),
}

impl From<Ink> for Fill {
    fn from(ink: Ink) -> Self {
        Self::Flat(ink)
    }
}

impl Fill {
    /// From `upper` at the height `top` to `lower` at the height `bottom`.
    pub fn down(top: f32, bottom: f32, upper: Ink, lower: Ink) -> Self {
        Self::Linear((0.0, top), (0.0, bottom), upper, lower)
    }

    /// One ink lit from above, as on a rounded body between `top` and `bottom`.
    pub fn round(top: f32, bottom: f32, ink: Ink) -> Self {
        Self::down(top, bottom, ink.lighter(0.22), ink.darker(0.38))
    }

    fn shader(self) -> Shader<'static> {
        let point = |(x, y): At| Point::from_xy(x, y);
        let stops = |from: Ink, to: Ink| {
            vec![GradientStop::new(0.0, from.color()), GradientStop::new(1.0, to.color())]
        };
        let (gradient, plain) = match self {
            Self::Flat(ink) => (None, ink),
            Self::Linear(start, end, from, to) => (
                LinearGradient::new(
                    point(start),
                    point(end),
                    stops(from, to),
                    SpreadMode::Pad,
                    Transform::identity(),
                ),
                from,
            ),
            Self::Radial(centre, radius, from, to) => (
                RadialGradient::new(
                    point(centre),
                    0.0,
                    point(centre),
                    radius,
                    stops(from, to),
                    SpreadMode::Pad,
                    Transform::identity(),
                ),
                from,
            ),
        };
        gradient.unwrap_or(Shader::SolidColor(plain.color()))
    }
}

/// The picture in the making: its paint, its source of chance and the frame painted in.
pub struct Scene {
    pixmap: Pixmap,
    rng: Xoshiro256PlusPlus,
    frame: Transform,
    clip: Option<Mask>,
}

impl Scene {
    pub fn new(seed: u64) -> Self {
        let side = SIDE * OVERSAMPLE;
        let scale = OVERSAMPLE as f32;
        Self {
            pixmap: Pixmap::new(side, side).expect("a small square is a valid size"),
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
            frame: Transform::from_scale(scale, scale),
            clip: None,
        }
    }

    /// A number drawn evenly from `low` up to `high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.rng.random::<f32>()
    }

    /// A whole number drawn evenly from `low` to `high`, both included.
    pub fn count(&mut self, low: u32, high: u32) -> u32 {
        self.rng.random_range(low..=high)
    }

    pub fn chance(&mut self, probability: f32) -> bool {
        self.rng.random::<f32>() < probability
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let last = u32::try_from(choices.len() - 1).expect("the lists here are short");
        choices[self.count(0, last) as usize]
    }

    /// One of `inks` (`0xRRGGBB`), a little off, so that no two pictures share a colour exactly.
    pub fn ink(&mut self, inks: &[u32]) -> Ink {
        let ink = Ink::hex(self.pick(inks));
        let mut off = |part: f32| (part + self.between(-0.045, 0.045)).clamp(0.0, 1.0);
        let (r, g, b) = (off(ink.r), off(ink.g), off(ink.b));
        Ink { r, g, b, a: 1.0 }
    }

    pub fn fill(&mut self, shape: &Shape, fill: impl Into<Fill>) {
        let Some(path) = shape.path() else { return };
        let paint = Paint { shader: fill.into().shader(), ..Paint::default() };
        let clip = self.clip.as_ref();
        self.pixmap.fill_path(&path, &paint, FillRule::Winding, self.frame, clip);
    }

    /// An oval of `ink` that fades out towards its rim: shadows, clouds, lights out of focus.
    pub fn soft(&mut self, centre: At, (rx, ry): At, ink: Ink) {
        self.placed(Placement::at(centre).stretch(rx, ry), |scene| {
            let disc = Shape::new().disc((0.0, 0.0), 1.0);
            scene.fill(&disc, Fill::Radial((0.0, 0.0), 1.0, ink, ink.alpha(0.0)));
        });
    }

    /// Paints in a frame of its own.
    pub fn placed(&mut self, placement: Placement, paint: impl FnOnce(&mut Self)) {
        let outer = self.frame;
        self.frame = outer.pre_concat(placement.transform());
        paint(self);
        self.frame = outer;
    }

    /// Paints only inside `outline`: markings that must not leave the body they lie on.
    pub fn within(&mut self, outline: &Shape, paint: impl FnOnce(&mut Self)) {
        let mask = Mask::new(self.pixmap.width(), self.pixmap.height());
        if let (Some(mut mask), Some(path)) = (mask, outline.path()) {
            mask.fill_path(&path, FillRule::Winding, true, self.frame);
            let outer = self.clip.replace(mask);
            paint(self);
            self.clip = outer;
        }
    }

    /// Varies the brightness of the rows from `top` to `bottom` by smooth noise whose grains are
    /// `grain` units wide and high: grass, ripples, plaster.
    pub fn mottle(&mut self, (top, bottom): At, grain: At, strength: f32) {
        let side = SIDE * OVERSAMPLE;
        let scale = OVERSAMPLE as f32;
        let row = |y: f32| (y.clamp(0.0, SIDE as f32) * scale) as u32;
        let cells = |grain: f32| (SIDE as f32 / grain) as usize + 2;
        let width = cells(grain.0);
        let lattice: Vec<f32> =
            (0..width * cells(grain.1)).map(|_| self.between(-strength, strength)).collect();
        let bytes = self.pixmap.data_mut();
        for y in row(top)..row(bottom) {
            let v = y as f32 / (scale * grain.1);
            let (above, v) = (v as usize * width, v - (v as usize) as f32);
            for x in 0..side {
                let u = x as f32 / (scale * grain.0);
                let (left, u) = (u as usize, u - (u as usize) as f32);
                let blend = |at: usize| lattice[at] + (lattice[at + 1] - lattice[at]) * u;
                let (upper, lower) = (blend(above + left), blend(above + width + left));
                let gain = 1.0 + upper + (lower - upper) * v;
                let start = 4 * (y * side + x) as usize;
                for byte in &mut bytes[start..start + 3] {
                    *byte = (f32::from(*byte) * gain) as u8;
                }
            }
        }
    }

    /// The painted picture as red, green and blue from 0 to 255, averaged down to its final size.
    pub fn exposure(&self) -> Vec<[f32; 3]> {
        let pixels = self.pixmap.pixels();
        let wide = SIDE * OVERSAMPLE;
        let share = 1.0 / (OVERSAMPLE * OVERSAMPLE) as f32;
        let mut picture = Vec::with_capacity((SIDE * SIDE) as usize);
        for y in 0..SIDE {
            for x in 0..SIDE {
                let mut sum = [0.0; 3];
                for inner in 0..OVERSAMPLE * OVERSAMPLE {
                    let (dx, dy) = (inner % OVERSAMPLE, inner / OVERSAMPLE);
                    let at = (y * OVERSAMPLE + dy) * wide + x * OVERSAMPLE + dx;
                    let pixel = pixels[at as usize];
                    for (sum, part) in
                        sum.iter_mut().zip([pixel.red(), pixel.green(), pixel.blue()])
                    {
                        *sum += f32::from(part) * share;
                    }
                }
                picture.push(sum);
            }
        }
        picture
    }
}
