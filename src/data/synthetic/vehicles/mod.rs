//! Draws the four vehicle classes, a file for each. This file has what they share: colours, wheels and
//! glass.
//!
//! In its own frame a vehicle faces right, its wheels or its water line are at y = 0, and its centre
//! is at x = 0.

mod airplanes;
mod cars;
mod ships;
mod trucks;

pub use airplanes::airplane;
pub use cars::car;
pub use ships::ship;
pub use trucks::truck;

use crate::data::synthetic::brush::{Fill, Ink, Scene};
use crate::data::synthetic::shape::Shape;

const TYRE: Ink = Ink::hex(0x1d_1c1e);
const TAIL_LAMP: Ink = Ink::hex(0xd2_2a26);
const LAMP: Ink = Ink::hex(0xff_f4c8);
const PANE: Ink = Ink::hex(0x2c_3946);
const METAL: Ink = Ink::hex(0xa9_b0b7);

/// The colours of cars and trucks. They share one list, so that a colour does not tell the class.
const PAINTS: &[u32] = &[
    0xb8232a, 0x1f4f9a, 0x2b2d33, 0xd9dadb, 0x9aa0a6, 0x2f6b45, 0xe0a92e, 0x7a1f2f, 0xd8672a,
    0x5a8fb5, 0xf0eee6,
];

/// A wheel of radius `r` at `x`, seen from the side. It stands on the ground.
fn wheel(scene: &mut Scene, x: f32, r: f32) {
    let hub = (x, -r);
    scene.fill(&Shape::new().disc(hub, r), TYRE);
    let rim = Fill::down(-1.7 * r, -0.3 * r, Ink::hex(0xd8dadc), Ink::hex(0x77797d));
    scene.fill(&Shape::new().disc(hub, 0.62 * r), rim);
    let mut spokes = Shape::new();
    for (dx, dy) in [(1.0, 0.0), (0.31, 0.95), (-0.81, 0.59), (-0.81, -0.59), (0.31, -0.95)] {
        let middle = (x + 0.36 * r * dx, -r + 0.36 * r * dy);
        spokes = spokes.disc(middle, 0.13 * r);
    }
    scene.fill(&spokes, TYRE.alpha(0.8));
    scene.fill(&Shape::new().disc(hub, 0.14 * r), Ink::hex(0x4a4c50));
}

/// The fill of window glass from y = `top` to y = `bottom`.
fn glass(top: f32, bottom: f32) -> Fill {
    Fill::down(top, bottom, Ink::hex(0x9db8c9), Ink::hex(0x2b3640))
}
