//! Things that are none of the ten classes.

use crate::data::synthetic::background::{self, Ground, shadow};
use crate::data::synthetic::brush::{Fill, Ink, SIDE, Scene};
use crate::data::synthetic::shape::{At, Placement, Shape};

const EDGE: f32 = SIDE as f32;
const SKINS: &[u32] = &[0xf2cdb0, 0xe6b48c, 0xc98f66, 0x9a6440, 0x6b432c, 0x4a2f22];
const HAIR: &[u32] = &[0x2a1d14, 0x4a3222, 0x8a5f34, 0xd8b878, 0x9a9a9a, 0x1a1a1c, 0xa03c28];
const CLOTHES: &[u32] =
    &[0xa03030, 0x30508a, 0x3f7a48, 0xe8e8e8, 0x30343a, 0xd8b040, 0x7a4a8a, 0x60a0b8];

/// One of the backgrounds of the ten classes.
fn backdrop(scene: &mut Scene) {
    match scene.count(0, 5) {
        0 => drop(background::field(scene, &[Ground::Grass, Ground::Straw, Ground::Sand])),
        1 => drop(background::street(scene)),
        2 => drop(background::room(scene)),
        3 => drop(background::woods(scene)),
        _ => background::blur(scene),
    }
}

/// A background with nothing in front of it.
pub fn landscape(scene: &mut Scene) {
    match scene.count(0, 6) {
        0 => drop(background::field(
            scene,
            &[Ground::Grass, Ground::Straw, Ground::Snow, Ground::Sand],
        )),
        1 => drop(background::street(scene)),
        2 => drop(background::room(scene)),
        3 => drop(background::woods(scene)),
        4 => drop(background::sea(scene)),
        5 => background::canopy(scene),
        _ => drop(background::airfield(scene)),
    }
}

/// A face from the front, with hair, neck and shoulders.
pub fn face(scene: &mut Scene) {
    backdrop(scene);
    let place = Placement::at((scene.between(38.0, 58.0), scene.between(42.0, 54.0)))
        .scale(scene.between(0.7, 1.35))
        .slope(scene.between(-0.2, 0.2))
        .flip(scene.chance(0.5));
    scene.placed(place, head);
}

fn head(scene: &mut Scene) {
    let (skin, hair, cloth) = (scene.ink(SKINS), scene.ink(HAIR), scene.ink(CLOTHES));
    let (w, h) = (scene.between(17.0, 22.0), scene.between(22.0, 28.0));
    let body = Shape::new().blob(&[
        (-14.0, 30.0),
        (14.0, 30.0),
        (44.0, 44.0),
        (50.0, 90.0),
        (-50.0, 90.0),
        (-44.0, 44.0),
    ]);
    scene.fill(&body, Fill::round(28.0, 90.0, cloth));
    scene.fill(&Shape::new().rounded((-8.0, 12.0), (16.0, 24.0), 5.0), skin.darker(0.2));
    let long = scene.chance(0.45);
    let bald = !long && scene.chance(0.15);
    if !bald {
        let drop = if long { scene.between(22.0, 40.0) } else { 2.0 };
        let mane = Shape::new().oval((0.0, -6.0), (w + 4.0, h + 1.0)).rounded(
            (-w - 4.0, -8.0),
            (2.0 * w + 8.0, 8.0 + drop),
            7.0,
        );
        scene.fill(&mane, Fill::round(-h - 8.0, drop, hair));
    }
    for side in [-1.0, 1.0] {
        scene.fill(&Shape::new().oval((side * w, 1.0), (3.0, 5.0)), skin.darker(0.12));
    }
    let oval = Shape::new().oval((0.0, 0.0), (w, h));
    scene.fill(&oval, Fill::Radial((-5.0, -5.0), h * 1.5, skin.lighter(0.12), skin.darker(0.28)));
    if !bald {
        let fringe = scene.between(0.35, 0.65);
        scene.within(&oval, |scene| {
            let top = Shape::new().oval((scene.between(-5.0, 5.0), -h), (w * 1.1, h * fringe));
            scene.fill(&top, hair);
        });
    }
    let iris = scene.ink(&[0x4a2f1c, 0x3a6a9a, 0x4a7a4a, 0x2a2420]);
    let glance = scene.between(-1.0, 1.0);
    for side in [-1.0, 1.0] {
        let x = side * w * 0.43;
        scene.fill(&Shape::new().rounded((x - 4.5, -9.5), (9.0, 1.5), 0.7), hair.darker(0.2));
        scene.fill(&Shape::new().oval((x, -4.0), (3.8, 2.2)), Ink::hex(0xf4f0ec));
        scene.fill(&Shape::new().disc((x + glance, -4.0), 1.9), iris);
        scene.fill(&Shape::new().disc((x + glance, -4.0), 0.9), Ink::DARK);
    }
    if scene.chance(0.25) {
        for side in [-1.0, 1.0] {
            let x = side * w * 0.43;
            scene.fill(&Shape::new().disc((x, -4.0), 6.2), Ink::WHITE.alpha(0.25));
        }
        scene.fill(&Shape::new().rect((-w * 0.95, -5.0), (w * 1.9, 1.1)), Ink::DARK);
    }
    scene.fill(
        &Shape::new().poly(&[(-0.8, -3.0), (0.8, -3.0), (3.4, 6.0), (-3.4, 6.0)]),
        skin.darker(0.16),
    );
    let lips = scene.ink(&[0xb04a4a, 0xc8685c, 0x8a3a3a]).mix(skin, 0.3);
    let (open, smile) = (scene.between(0.8, 3.4), scene.between(-1.5, 3.5));
    let mouth = Shape::new().blob(&[
        (-7.0, 11.0 - smile),
        (0.0, 11.0),
        (7.0, 11.0 - smile),
        (0.0, 12.0 + open + smile),
    ]);
    scene.fill(&mouth, lips);
    if scene.chance(0.15) {
        scene.within(&oval, |scene| {
            scene.fill(&Shape::new().oval((0.0, h), (w * 0.9, h * 0.5)), hair.alpha(0.8));
        });
    }
}

/// One to three persons from head to foot, or to the waist.
pub fn people(scene: &mut Scene) {
    let ground = match scene.count(0, 2) {
        0 => background::field(scene, &[Ground::Grass, Ground::Sand, Ground::Straw]),
        1 => background::street(scene),
        _ => background::room(scene),
    };
    let count = scene.count(1, 3);
    let near = scene.between(0.75, 1.7);
    for n in 0..count {
        let spread = 22.0 * near * (n as f32 - (count - 1) as f32 / 2.0);
        let at = (EDGE / 2.0 + spread + scene.between(-5.0, 5.0), ground + (near - 1.0) * 26.0);
        let place =
            Placement::at(at).scale(near * scene.between(0.9, 1.08)).flip(scene.chance(0.5));
        scene.placed(place, person);
    }
}

/// Feet at (0, 0), 62 units high.
fn person(scene: &mut Scene) {
    let (skin, hair) = (scene.ink(SKINS), scene.ink(HAIR));
    let (top, legs) = (scene.ink(CLOTHES), scene.ink(CLOTHES).darker(0.3));
    shadow(scene, (0.0, 0.0), (13.0, 2.5));
    let stride = scene.between(1.0, 5.0);
    let skirt = scene.chance(0.25);
    for side in [-1.0, 1.0] {
        let leg = Shape::new().limb(&[
            (side * 2.5, -30.0, 4.2),
            (side * stride, -14.0, 3.2),
            (side * stride, -2.0, 2.4),
        ]);
        scene.fill(&leg, if skirt { skin.darker(0.1) } else { legs });
        scene.fill(&Shape::new().oval((side * stride + 1.5, -1.2), (4.0, 1.8)), Ink::DARK);
    }
    if skirt {
        scene.fill(
            &Shape::new().poly(&[(-5.0, -34.0), (5.0, -34.0), (10.0, -13.0), (-10.0, -13.0)]),
            legs,
        );
    }
    let reach = scene.between(-4.0, 9.0);
    for side in [-1.0, 1.0] {
        let hand = (side * (9.0 + reach.max(0.0)), -29.0 - reach);
        let arm = Shape::new().limb(&[
            (side * 7.0, -46.0, 2.8),
            (side * (9.5 + reach * 0.4), -38.0, 2.4),
            (hand.0, hand.1, 2.0),
        ]);
        scene.fill(&arm, top.darker(0.15));
        scene.fill(&Shape::new().disc(hand, 2.1), skin);
    }
    let trunk = Shape::new().blob(&[
        (-8.5, -48.0),
        (8.5, -48.0),
        (8.0, -38.0),
        (6.5, -27.0),
        (-6.5, -27.0),
        (-8.0, -38.0),
    ]);
    scene.fill(&trunk, Fill::round(-50.0, -26.0, top));
    scene.fill(&Shape::new().rect((-2.0, -52.0), (4.0, 5.0)), skin.darker(0.15));
    scene.fill(&Shape::new().oval((0.0, -57.5), (5.4, 6.2)), hair);
    scene.fill(&Shape::new().oval((0.3, -56.0), (4.4, 5.2)), Fill::round(-62.0, -50.0, skin));
    for side in [-1.0, 1.0] {
        scene.fill(&Shape::new().disc((side * 1.7 + 0.3, -56.8), 0.6), Ink::DARK);
    }
}

/// The upper side of a table, in front of a blurred room or a wall. Returns the y of its rear edge.
fn table(scene: &mut Scene) -> f32 {
    if scene.chance(0.5) {
        background::blur(scene);
    } else {
        background::room(scene);
    }
    let edge = scene.between(50.0, 66.0);
    let wood = scene.ink(&[0x8a6a48, 0xb08a60, 0xe0dcd4, 0x5a4a40, 0xc8a880]);
    let top = Shape::new().rect((-5.0, edge), (EDGE + 10.0, EDGE));
    scene.fill(&top, Fill::down(edge, EDGE, wood.darker(0.2), wood.lighter(0.2)));
    scene.mottle((edge, EDGE), (20.0, 1.5), 0.08);
    edge
}

/// A cup with a handle.
pub fn cup(scene: &mut Scene) {
    let edge = table(scene);
    let foot = scene.between(edge + 6.0, EDGE - 8.0);
    let place = Placement::at((scene.between(38.0, 58.0), foot))
        .scale(scene.between(0.8, 1.5))
        .flip(scene.chance(0.5));
    scene.placed(place, |scene| {
        let glaze =
            scene.ink(&[0xf0f0ec, 0xb83c34, 0x3a6ab0, 0x3c8a58, 0xe0b840, 0x303438, 0xd890a0]);
        let (w, h, narrow) =
            (scene.between(11.0, 16.0), scene.between(17.0, 32.0), scene.between(0.6, 1.0));
        shadow(scene, (3.0, 0.0), (w * 1.4, 3.5));
        let handle = Shape::new().sweep(
            [(w * 0.9, -h * 0.8), (w * 2.0, -h * 0.9), (w * 1.9, -h * 0.1), (w * 0.8, -h * 0.2)],
            [1.9, 1.9, 1.7],
        );
        scene.fill(&handle, glaze.darker(0.15));
        let wall = Shape::new()
            .poly(&[(-w, -h), (w, -h), (w * narrow, 0.0), (-w * narrow, 0.0)])
            .oval((0.0, 0.0), (w * narrow, 2.4));
        scene
            .fill(&wall, Fill::Linear((-w, 0.0), (w, 0.0), glaze.lighter(0.25), glaze.darker(0.4)));
        if scene.chance(0.4) {
            let band = scene.ink(CLOTHES);
            scene.within(&wall, |scene| {
                scene.fill(&Shape::new().rect((-w, -h * 0.6), (2.0 * w, h * 0.2)), band.alpha(0.8))
            });
        }
        scene.fill(&Shape::new().oval((0.0, -h), (w, 3.2)), glaze.lighter(0.3));
        let drink = scene.ink(&[0x3a2418, 0x8a5a2a, 0xc8a070]);
        scene.fill(&Shape::new().oval((0.0, -h + 0.4), (w * 0.88, 2.4)), drink);
    });
}

/// A tree in open land.
pub fn tree(scene: &mut Scene) {
    let ground = background::field(scene, &[Ground::Grass, Ground::Straw, Ground::Snow]);
    let place = Placement::at((scene.between(34.0, 62.0), ground)).scale(scene.between(0.9, 1.3));
    scene.placed(place, |scene| {
        let bark = scene.ink(&[0x5c4a3a, 0x6d6257, 0x4a4038]);
        let green = scene.ink(&[0x3d6b35, 0x4f7f34, 0x6a9440, 0x2f5a3a, 0xb87a30]);
        shadow(scene, (0.0, 0.0), (24.0, 4.0));
        scene.fill(
            &Shape::new().poly(&[(-3.4, 0.0), (3.4, 0.0), (2.0, -34.0), (-2.0, -34.0)]),
            Fill::Linear((-3.0, 0.0), (3.0, 0.0), bark.lighter(0.15), bark.darker(0.3)),
        );
        if scene.chance(0.3) {
            for level in 0..5 {
                let (y, w) = (-16.0 - 10.0 * level as f32, 22.0 - 4.0 * level as f32);
                scene.fill(
                    &Shape::new().poly(&[(-w, y), (w, y), (0.0, y - 19.0)]),
                    green.darker(0.1 * (level % 2) as f32),
                );
            }
            return;
        }
        for _ in 0..30 {
            let at: At = (scene.between(-20.0, 20.0), scene.between(-64.0, -26.0));
            let (r, shade) = (scene.between(5.0, 11.0), scene.between(0.0, 0.4));
            let ink = if scene.chance(0.3) { green.lighter(0.3) } else { green.darker(shade) };
            scene.fill(&Shape::new().disc(at, r), ink.alpha(0.85));
        }
    });
}

/// A house with a door, windows and a roof.
pub fn house(scene: &mut Scene) {
    let ground = match scene.chance(0.5) {
        true => background::field(scene, &[Ground::Grass, Ground::Grass, Ground::Snow]),
        false => background::street(scene),
    };
    let place = Placement::at((scene.between(38.0, 58.0), ground))
        .scale(scene.between(0.75, 1.2))
        .flip(scene.chance(0.5));
    scene.placed(place, |scene| {
        let wall = scene.ink(&[0xe8dcc0, 0xd0d0cc, 0xb86a50, 0xf0f0ec, 0xc8a060, 0x90a8b8]);
        let roof = scene.ink(&[0x8a4030, 0x50484a, 0xa05a38, 0x3a3e48]);
        let (w, h) = (scene.between(20.0, 34.0), scene.between(20.0, 44.0));
        let body = Shape::new().rect((-w, -h), (2.0 * w, h));
        scene.fill(&body, Fill::Linear((-w, 0.0), (w, 0.0), wall.lighter(0.1), wall.darker(0.2)));
        let pitch = scene.between(8.0, 22.0);
        scene.fill(
            &Shape::new().poly(&[
                (-w - 4.0, -h),
                (w + 4.0, -h),
                (w * 0.4, -h - pitch),
                (-w * 0.4, -h - pitch),
            ]),
            Fill::down(-h - pitch, -h, roof.lighter(0.1), roof.darker(0.2)),
        );
        let (glass, frame) =
            (scene.ink(&[0x5a7890, 0x34404c, 0xe8d890]), scene.ink(&[0xf4f4f0, 0x6a5040]));
        let columns = scene.count(2, 4);
        let step = 2.0 * w / columns as f32;
        let mut y = -h + 4.0;
        while y < -13.0 {
            for column in 0..columns {
                let x = -w + step * (column as f32 + 0.5);
                scene.fill(&Shape::new().rect((x - 4.0, y), (8.0, 9.0)), frame);
                scene.fill(&Shape::new().rect((x - 3.2, y + 0.8), (6.4, 7.4)), glass);
                scene.fill(&Shape::new().rect((x - 0.4, y), (0.8, 9.0)), frame);
            }
            y += 14.0;
        }
        let door = scene.ink(&[0x6a4028, 0x2a4a6a, 0x8a2a2a]);
        scene.fill(&Shape::new().rect((-4.0, -12.0), (8.0, 12.0)), door);
    });
}

/// A flower with petals around its middle.
pub fn flower(scene: &mut Scene) {
    background::blur(scene);
    let stem = scene.ink(&[0x4f7f34, 0x3d6b35, 0x6a9440]);
    let centre = (scene.between(38.0, 58.0), scene.between(30.0, 52.0));
    let sway = scene.between(-14.0, 14.0);
    let stalk = Shape::new().sweep(
        [centre, (centre.0, 70.0), (centre.0 + sway, 84.0), (centre.0 + sway, 100.0)],
        [1.6, 1.8, 2.2],
    );
    scene.fill(&stalk, stem);
    let leaf = (centre.0 + sway * 0.5 + 9.0, 78.0);
    let slope = scene.between(-1.0, 0.2);
    scene.fill(&Shape::new().tilted(leaf, (11.0, 3.4), slope), stem.lighter(0.1));
    let petal = scene.ink(&[0xe84a5a, 0xf0d040, 0xf4f0f4, 0xa060c8, 0xf08a30, 0x5a70d8, 0xf0a0c0]);
    let (count, reach) = (scene.count(5, 13), scene.between(12.0, 24.0));
    // Corners of a regular polygon by repeated turning: no sines, whose last bits differ between platforms.
    let (mut x, mut y) = (1.0_f32, 0.0_f32);
    let (cos, sin) = turn(count);
    let place =
        Placement::at(centre).slope(scene.between(-0.5, 0.5)).stretch(1.0, scene.between(0.7, 1.0));
    scene.placed(place, |scene| {
        for _ in 0..count {
            let joints = [
                (x * 4.0, y * 4.0, 2.0),
                (x * reach * 0.65, y * reach * 0.65, reach * 0.22),
                (x * reach, y * reach, reach * 0.12),
            ];
            let shade = scene.between(0.0, 0.25);
            scene.fill(&Shape::new().limb(&joints), petal.darker(shade));
            (x, y) = (x * cos - y * sin, x * sin + y * cos);
        }
        let middle = scene.ink(&[0xe8b830, 0x5a3a20, 0xf0e080]);
        let r = reach * scene.between(0.2, 0.4);
        scene.fill(
            &Shape::new().disc((0.0, 0.0), r),
            Fill::Radial((-1.0, -1.0), r, middle.lighter(0.3), middle.darker(0.3)),
        );
    });
}

/// Cosine and sine of a full turn divided by `count`, to single precision.
fn turn(count: u32) -> (f32, f32) {
    const TURNS: [(f32, f32); 9] = [
        (0.309_017, 0.951_056_5),
        (0.5, 0.866_025_4),
        (0.623_489_8, 0.781_831_5),
        (0.707_106_77, 0.707_106_77),
        (0.766_044_44, 0.642_787_6),
        (0.809_017, 0.587_785_24),
        (0.841_253_5, 0.540_640_8),
        (0.866_025_4, 0.5),
        (0.885_456, 0.464_723_17),
    ];
    TURNS[(count.clamp(5, 13) - 5) as usize]
}

/// Apples, oranges, lemons or grapes on a table.
pub fn fruit(scene: &mut Scene) {
    let edge = table(scene);
    let kind = scene.pick(&[0xc83830_u32, 0x8ab040, 0xf09030, 0xf0d840, 0x6a3a70]);
    let flat = if kind == 0xf0d840 { 0.72 } else { 0.95 };
    for _ in 0..scene.count(1, 6) {
        let (r, ink) = (scene.between(8.0, 18.0), scene.ink(&[kind]));
        let at = (scene.between(16.0, 80.0), scene.between(edge, EDGE - 10.0) - r * 0.4);
        shadow(scene, (at.0, at.1 + r * flat), (r * 1.1, r * 0.3));
        let body = Shape::new().oval(at, (r, r * flat));
        scene.fill(
            &body,
            Fill::Radial(
                (at.0 - r * 0.3, at.1 - r * 0.4),
                r * 1.5,
                ink.lighter(0.35),
                ink.darker(0.4),
            ),
        );
        if scene.chance(0.6) {
            let stem = [
                (at.0, at.1 - r * flat, 0.7),
                (at.0 + scene.between(-2.0, 2.0), at.1 - r * flat - 4.0, 0.6),
            ];
            scene.fill(&Shape::new().limb(&stem), Ink::hex(0x5a4028));
        }
    }
}
