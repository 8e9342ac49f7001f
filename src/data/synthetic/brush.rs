//! Colours (`Ink`), fills and gradients (`Fill`), and the canvas that shapes are painted on (`Scene`).

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use tiny_skia::{
    Color, FillRule, GradientStop, LinearGradient, Mask, Paint, Pixmap, Point, RadialGradient,
    Shader, SpreadMode, Transform,
};

use super::shape::{At, Placement, Shape};

/// Side of a finished picture in pixels. The scene has the same side in its own units.
pub const SIDE: u32 = crate::picture::SIDE as u32;
/// Canvas pixels per finished pixel, in each direction.
pub const OVERSAMPLE: u32 = 2;

/// A colour with an opacity; each component is in [0, 1].
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
    /// For small dark features: less hard than black, as in a photograph.
    pub const DARK: Self = Self::hex(0x1e_1a1c);

    /// The opaque colour `0xRRGGBB`.
    pub const fn hex(rgb: u32) -> Self {
        let [_, r, g, b] = rgb.to_be_bytes();
        Self { r: r as f32 / 255.0, g: g as f32 / 255.0, b: b as f32 / 255.0, a: 1.0 }
    }

    /// Mixes this colour with `other`; `t` is the share of `other`. The opacity stays the same.
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

/// How a shape is filled.
#[derive(Clone, Copy, Debug)]
pub enum Fill {
    Flat(Ink),
    /// A linear gradient: start, end, and the colours there.
    Linear(At, At, Ink, Ink),
    /// A radial gradient: centre, radius, and the colours at the centre and at the radius.
    Radial(At, f32, Ink, Ink),
}

impl From<Ink> for Fill {
    fn from(ink: Ink) -> Self {
        Self::Flat(ink)
    }
}

impl Fill {
    /// A vertical gradient from `upper` at y = `top` to `lower` at y = `bottom`.
    pub fn down(top: f32, bottom: f32, upper: Ink, lower: Ink) -> Self {
        Self::Linear((0.0, top), (0.0, bottom), upper, lower)
    }

    /// The shading of a rounded body between `top` and `bottom`: lighter above, darker below.
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

/// A picture while it is painted: canvas, random number generator, current frame (coordinate system)
/// and clip region.
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

    /// A uniformly distributed number from `low` (included) to `high` (excluded).
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.rng.random::<f32>()
    }

    /// A uniformly distributed integer from `low` to `high`, both included.
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

    /// One of `inks` (`0xRRGGBB`) with a small random change, so that colours differ between pictures.
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

    /// An oval that fades out towards its rim. Used for shadows, clouds and blurred lights.
    pub fn soft(&mut self, centre: At, (rx, ry): At, ink: Ink) {
        self.placed(Placement::at(centre).stretch(rx, ry), |scene| {
            let disc = Shape::new().disc((0.0, 0.0), 1.0);
            scene.fill(&disc, Fill::Radial((0.0, 0.0), 1.0, ink, ink.alpha(0.0)));
        });
    }

    /// Calls `paint` with the frame of `placement`, and restores the current frame afterwards.
    pub fn placed(&mut self, placement: Placement, paint: impl FnOnce(&mut Self)) {
        let outer = self.frame;
        self.frame = outer.pre_concat(placement.transform());
        paint(self);
        self.frame = outer;
    }

    /// Clips what `paint` paints to `outline`. Used for markings on a body.
    pub fn within(&mut self, outline: &Shape, paint: impl FnOnce(&mut Self)) {
        let mask = Mask::new(self.pixmap.width(), self.pixmap.height());
        if let (Some(mut mask), Some(path)) = (mask, outline.path()) {
            mask.fill_path(&path, FillRule::Winding, true, self.frame);
            let outer = self.clip.replace(mask);
            paint(self);
            self.clip = outer;
        }
    }

    /// Multiplies the brightness of the rows from `top` to `bottom` by smooth noise (value noise on a
    /// lattice with cells of the size `grain`, in units). Used for grass, ripples and plaster.
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

    /// The picture as red, green and blue from 0 to 255, downsampled to its final size by averaging.
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
