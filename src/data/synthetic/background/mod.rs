//! Draws natural backgrounds: sky, fields, woods, tree tops, the sea, and blurred backdrops. Several
//! classes share each of them.

mod built;

pub use built::{airfield, room, street};

use super::brush::{Fill, Ink, SIDE, Scene};
use super::shape::{At, Placement, Shape};

const EDGE: f32 = SIDE as f32;

/// What covers the ground.
#[derive(Clone, Copy, Debug)]
pub enum Ground {
    Grass,
    Straw,
    Snow,
    Sand,
    Asphalt,
}

impl Ground {
    fn inks(self) -> &'static [u32] {
        match self {
            Self::Grass => &[0x5f8f3a, 0x4d7d36, 0x79a045, 0x6b8b3c],
            Self::Straw => &[0xb9a25c, 0xa8945a, 0xc2ab6b],
            Self::Snow => &[0xe6ecf1, 0xd9e2ea],
            Self::Sand => &[0xd9c59a, 0xcdb68a],
            Self::Asphalt => &[0x6d6e70, 0x5c5d60, 0x7d7b78],
        }
    }
}

/// The part of the picture above y = `bottom`.
fn above(bottom: f32) -> Shape {
    Shape::new().rect((0.0, 0.0), (EDGE, bottom))
}

/// The part of the picture below y = `top`.
fn below(top: f32) -> Shape {
    Shape::new().rect((0.0, top), (EDGE, EDGE - top))
}

/// The sky above y = `horizon`, for a random weather and time of day. Returns its colour at the horizon.
pub fn sky(scene: &mut Scene, horizon: f32) -> Ink {
    let (top, low) = scene.pick(&[
        (0x3d7fc9, 0xbfdcf0),
        (0x2a69b8, 0x94c2ea),
        (0x6fa8dc, 0xe3eef5),
        (0x87b3d6, 0xf1e9d8),
        (0x93a0ab, 0xd2d8dc),
        (0xc3ccd2, 0xeceeec),
        (0x4a5590, 0xf0a868),
        (0x39466f, 0xe6918a),
        (0x7d9fc4, 0xf7dda6),
    ]);
    let (top, low) = (scene.ink(&[top]), scene.ink(&[low]));
    scene.fill(&above(horizon + 1.0), Fill::down(0.0, horizon, top, low));
    if scene.chance(0.25) {
        let sun = (scene.between(8.0, 88.0), scene.between(0.1, 0.8) * horizon);
        scene.soft(sun, (34.0, 34.0), Ink::hex(0xfff3cf).alpha(0.6));
        scene.soft(sun, (8.0, 8.0), Ink::hex(0xfffbe8));
    }
    let cover = low.lighter(0.65);
    for _ in 0..scene.pick(&[0, 1, 2, 3, 4, 6]) {
        let centre = (scene.between(-5.0, 101.0), scene.between(0.05, 0.85) * horizon);
        cloud(scene, centre, cover.alpha(0.75));
    }
    scene.mottle((0.0, horizon), (22.0, 9.0), 0.05);
    low
}

fn cloud(scene: &mut Scene, (x, y): At, ink: Ink) {
    let size = scene.between(6.0, 15.0);
    for _ in 0..6 {
        let puff = (x + scene.between(-1.3, 1.3) * size, y + scene.between(-0.3, 0.25) * size);
        let rx = scene.between(0.6, 1.1) * size;
        let ry = rx * scene.between(0.35, 0.6);
        scene.soft(puff, (rx, ry), ink);
    }
}

/// Hills, a wood or nothing on the horizon, with haze of the colour `air`.
fn distance(scene: &mut Scene, horizon: f32, air: Ink) {
    match scene.count(0, 3) {
        0 => {
            for layer in 0..2 {
                let tone = scene.ink(&[0x6f8797, 0x7b8f7a, 0x5f7f6a, 0x87849a]);
                let height = scene.between(4.0, 16.0) * (1.0 - 0.4 * layer as f32);
                let peak = scene.between(10.0, 86.0);
                let ridge = [
                    (-30.0, horizon + 2.0),
                    (peak - 45.0, horizon - height * 0.4),
                    (peak, horizon - 1.6 * height),
                    (peak + 40.0, horizon - height * 0.5),
                    (126.0, horizon + 2.0),
                    (126.0, horizon + 2.0),
                ];
                scene.fill(&Shape::new().blob(&ridge), tone.mix(air, 0.5 - 0.25 * layer as f32));
            }
        }
        1 | 2 => {
            let tone = scene.ink(&[0x3d5f35, 0x4c6b3d, 0x2f4d33, 0x6b6a38]).mix(air, 0.22);
            let height = scene.between(6.0, 18.0);
            let mut crowns = Shape::new().rect((0.0, horizon - height * 0.6), (EDGE, height * 0.6));
            let mut x = -4.0;
            while x < EDGE + 4.0 {
                let r = scene.between(0.25, 0.55) * height;
                crowns = crowns.disc((x, horizon - height * scene.between(0.55, 0.95)), r);
                x += r;
            }
            scene.fill(
                &crowns,
                Fill::down(horizon - height * 1.3, horizon, tone.lighter(0.15), tone.darker(0.35)),
            );
            scene.mottle((horizon - 1.5 * height, horizon), (2.0, 2.0), 0.16);
        }
        _ => {}
    }
}

/// The ground below y = `horizon`, with texture, and with blades of grass or straw.
fn ground(scene: &mut Scene, horizon: f32, kind: Ground) {
    let tone = scene.ink(kind.inks());
    scene.fill(&below(horizon), Fill::down(horizon, EDGE, tone.lighter(0.18), tone.darker(0.22)));
    scene.mottle((horizon, EDGE), (14.0, 5.0), 0.1);
    scene.mottle((horizon, EDGE), (1.2, 1.6), 0.1);
    if matches!(kind, Ground::Grass | Ground::Straw) {
        let mut blades = Shape::new();
        for _ in 0..70 {
            let y = scene.between(horizon + 4.0, EDGE + 4.0);
            let near = (y - horizon) / (EDGE - horizon);
            let (x, lean) = (scene.between(0.0, EDGE), scene.between(-1.5, 1.5) * near);
            let tip = (x + lean, y - 5.0 * near - 1.0);
            blades = blades.poly(&[(x - 0.5, y), tip, (x + 0.5, y)]);
        }
        let shade = if scene.chance(0.5) { tone.darker(0.35) } else { tone.lighter(0.3) };
        scene.fill(&blades, shade.alpha(0.6));
    }
}

/// Open land under the sky. Returns the y at which a subject stands.
pub fn field(scene: &mut Scene, grounds: &[Ground]) -> f32 {
    let horizon = scene.between(26.0, 58.0);
    let air = sky(scene, horizon);
    distance(scene, horizon, air);
    let kind = scene.pick(grounds);
    ground(scene, horizon, kind);
    if scene.chance(0.25) {
        fence(scene, horizon + 1.0);
    }
    scene.between(79.0, 89.0)
}

fn fence(scene: &mut Scene, foot: f32) {
    let wood = scene.ink(&[0x8a7358, 0xd8d4cc, 0x6b5a48]);
    let mut rails =
        Shape::new().rect((0.0, foot - 7.0), (EDGE, 1.2)).rect((0.0, foot - 3.5), (EDGE, 1.2));
    for post in 0..8 {
        rails = rails.rect((4.0 + 13.0 * post as f32, foot - 9.0), (1.6, 10.0));
    }
    scene.fill(&rails, wood);
}

/// The inside of a wood, with trunks. Returns the y at which a subject stands.
pub fn woods(scene: &mut Scene) -> f32 {
    let horizon = scene.between(48.0, 64.0);
    let haze = scene.ink(&[0x9fb58a, 0xb7b78e, 0x7d9a78, 0xc4b58a, 0x5f7a5c]);
    scene.fill(&above(horizon + 1.0), Fill::down(0.0, horizon, haze.darker(0.45), haze));
    leaves(scene, horizon, haze);
    for _ in 0..scene.count(5, 9) {
        let (x, r) = (scene.between(0.0, EDGE), scene.between(0.8, 3.6));
        let foot = horizon + 3.0 * r - 2.0;
        let bark = scene.ink(&[0x5c4a3a, 0x6d6257, 0x4a4038, 0x7a6a55]);
        let bark = bark.mix(haze, 0.5 - r / 8.0);
        let trunk = Shape::new().poly(&[
            (x - r, 0.0),
            (x + r, 0.0),
            (x + 1.3 * r, foot),
            (x - 1.3 * r, foot),
        ]);
        let (lit, dim) = (bark.lighter(0.15), bark.darker(0.4));
        scene.fill(&trunk, Fill::Linear((x - r, 0.0), (x + r, 0.0), lit, dim));
    }
    let kind = scene.pick(&[Ground::Grass, Ground::Grass, Ground::Straw, Ground::Snow]);
    ground(scene, horizon, kind);
    scene.between(79.0, 89.0)
}

/// Blurred foliage above y = `bottom`.
fn leaves(scene: &mut Scene, bottom: f32, tone: Ink) {
    for _ in 0..26 {
        let centre = (scene.between(0.0, EDGE), scene.between(0.0, bottom));
        let r = scene.between(4.0, 13.0);
        let dim = scene.ink(&[0x2f4a2a, 0x456b35, 0x587d3c]);
        let ink = if scene.chance(0.3) { tone.lighter(0.35) } else { dim };
        scene.soft(centre, (r, r * 0.8), ink.alpha(0.5));
    }
}

/// Tree tops: leaves or sky, without any ground.
pub fn canopy(scene: &mut Scene) {
    if scene.chance(0.4) {
        sky(scene, EDGE);
    } else {
        let tone = scene.ink(&[0x7d9a5f, 0x5d8050, 0x9aab70, 0x86a08a, 0x46633f]);
        scene.fill(&below(0.0), Fill::down(0.0, EDGE, tone.lighter(0.3), tone.darker(0.3)));
        leaves(scene, EDGE, tone);
    }
}

/// A branch across the picture. Its upper side is at `y` in the middle of the picture.
pub fn branch(scene: &mut Scene, y: f32) {
    let bark = scene.ink(&[0x6b4f3a, 0x5a4636, 0x7d6650, 0x4d4038]);
    let (left, right) = (scene.between(-6.0, 6.0), scene.between(-6.0, 6.0));
    let r = scene.between(2.0, 3.6);
    let wood = Shape::new().sweep(
        [(-4.0, y + r + left), (30.0, y + r), (66.0, y + r), (100.0, y + r + right)],
        [r * 1.3, r, r * 0.8],
    );
    scene.fill(&wood, Fill::down(y, y + 2.0 * r, bark.lighter(0.2), bark.darker(0.4)));
    let green = scene.ink(&[0x4f7f34, 0x6a9440, 0x3d6b35, 0x8a9a3c]);
    for _ in 0..scene.count(3, 12) {
        // Leaves are drawn at the sides only, where they do not cover the subject.
        let reach = scene.between(2.0, 26.0);
        let x = if scene.chance(0.5) { reach } else { EDGE - reach };
        let at = (x, y + r + scene.between(-9.0, 9.0));
        let leaf = Shape::new().tilted(at, (4.2, 1.9), scene.between(-1.5, 1.5));
        let shade = scene.between(0.0, 0.4);
        scene.fill(&leaf, green.darker(shade));
    }
}

/// Open water under the sky. Returns the y of the horizon and the colour of the water.
pub fn sea(scene: &mut Scene) -> (f32, Ink) {
    let horizon = scene.between(34.0, 60.0);
    let air = sky(scene, horizon);
    if scene.chance(0.4) {
        distance(scene, horizon, air);
    }
    let tone = scene.ink(&[0x2f6a8f, 0x3a7d8c, 0x27527d, 0x5c8a94, 0x4f6f7d]).mix(air, 0.15);
    scene.fill(&below(horizon), Fill::down(horizon, EDGE, tone.mix(air, 0.45), tone.darker(0.25)));
    scene.mottle((horizon, EDGE), (9.0, 1.6), 0.12);
    ripples(scene, (horizon, EDGE), tone.lighter(0.55));
    (horizon, tone)
}

/// Flat streaks of light on the water from y = `top` to y = `bottom`.
pub fn ripples(scene: &mut Scene, (top, bottom): At, ink: Ink) {
    let mut streaks = Shape::new();
    for _ in 0..30 {
        let depth = scene.between(0.02, 1.0);
        let at = (scene.between(0.0, EDGE), top + depth * (bottom - top));
        streaks = streaks.oval(at, (2.0 + 6.0 * depth, 0.25 + 0.4 * depth));
    }
    scene.fill(&streaks, ink.alpha(0.45));
}

/// A strongly blurred backdrop for close-ups.
pub fn blur(scene: &mut Scene) {
    let tone = scene
        .ink(&[0x6f8f55, 0x8aa06a, 0x9a8468, 0x7d8c99, 0xa9a08f, 0x54704a, 0x6a5a50, 0x9fb8c9]);
    let (x, y) = (scene.between(0.0, EDGE), scene.between(0.0, 30.0));
    let lit = Fill::Radial((x, y), 120.0, tone.lighter(0.3), tone.darker(0.45));
    scene.fill(&below(0.0), lit);
    for _ in 0..14 {
        let centre = (scene.between(0.0, EDGE), scene.between(0.0, EDGE));
        let r = scene.between(8.0, 24.0);
        let (shade, glint) = (tone.darker(0.4), tone.lighter(0.45));
        let ink = if scene.chance(0.5) { shade } else { glint };
        scene.soft(centre, (r, r), ink.alpha(0.4));
    }
}

/// The soft shadow of a subject on the ground it stands on.
pub fn shadow(scene: &mut Scene, centre: At, (rx, ry): At) {
    scene.placed(Placement::at(centre), |scene| {
        scene.soft((0.0, 0.0), (rx, ry), Ink::BLACK.alpha(0.55));
        scene.soft((0.0, 0.0), (rx * 0.8, ry * 0.6), Ink::BLACK.alpha(0.3));
    });
}
