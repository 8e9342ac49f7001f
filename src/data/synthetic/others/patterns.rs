//! Patterns without a subject: letters, shapes, stripes, noise.

use crate::data::synthetic::brush::{Fill, Ink, SIDE, Scene};
use crate::data::synthetic::shape::{Placement, Shape};

const EDGE: f32 = SIDE as f32;

fn any_ink(scene: &mut Scene) -> Ink {
    let dark = Ink::BLACK;
    let ink = scene
        .ink(&[0xe04040, 0x40b050, 0x4060d0, 0xe8c840, 0xc060c0, 0x40b8c0, 0xf0f0f0, 0x303030]);
    let shade = scene.between(0.0, 0.4);
    ink.mix(dark, shade)
}

fn whole() -> Shape {
    Shape::new().rect((-60.0, -60.0), (EDGE + 120.0, EDGE + 120.0))
}

/// Lines of words, whose letters are a few strokes each.
pub fn text(scene: &mut Scene) {
    let (paper, ink) = if scene.chance(0.8) {
        (scene.ink(&[0xf4f2ea, 0xe8e4d8, 0xffffff, 0xf0e8c8]), scene.ink(&[0x202024, 0x303050]))
    } else {
        (scene.ink(&[0x202428, 0x283048]), scene.ink(&[0xf0f0e8, 0xe8e090]))
    };
    scene.fill(&whole(), paper);
    let size = scene.pick(&[3.0, 4.5, 6.5, 10.0, 16.0]);
    let (slope, stroke) = (scene.between(-0.06, 0.06), size * scene.between(0.12, 0.22));
    scene.placed(Placement::at((2.0, 2.0)).slope(slope), |scene| {
        let mut y = scene.between(-4.0, 6.0);
        while y < EDGE {
            let mut x = scene.between(-2.0, 8.0);
            while x < EDGE - size * 0.5 {
                if scene.chance(0.16) {
                    x += size * 0.7;
                    continue;
                }
                let letter = letter(scene, (x, y), size, stroke);
                scene.fill(&letter, ink);
                x += size * 0.8;
            }
            y += size * 1.6;
        }
    });
}

fn letter(scene: &mut Scene, (x, y): (f32, f32), size: f32, stroke: f32) -> Shape {
    let (width, height) = (size * 0.55, size);
    let mut letter = Shape::new();
    if scene.chance(0.7) {
        letter = letter.rect((x, y), (stroke, height));
    }
    if scene.chance(0.4) {
        letter = letter.rect((x + width - stroke, y + height * 0.4), (stroke, height * 0.6));
    }
    for at in [0.0, 0.45, 1.0] {
        if scene.chance(0.5) {
            letter = letter.rect((x, y + at * (height - stroke)), (width, stroke));
        }
    }
    if scene.chance(0.3) {
        letter = letter.limb(&[(x, y, stroke * 0.5), (x + width, y + height, stroke * 0.5)]);
    }
    letter
}

/// A few large flat or shaded shapes.
pub fn shapes(scene: &mut Scene) {
    let ground = any_ink(scene);
    scene.fill(&whole(), ground);
    for _ in 0..scene.count(2, 10) {
        let (x, y) = (scene.between(0.0, EDGE), scene.between(0.0, EDGE));
        let (w, h) = (scene.between(6.0, 34.0), scene.between(6.0, 34.0));
        let shape = match scene.count(0, 3) {
            0 => Shape::new().oval((x, y), (w, h)),
            1 => Shape::new().rect((x - w, y - h), (2.0 * w, 2.0 * h)),
            2 => Shape::new().poly(&[(x, y - h), (x + w, y + h), (x - w, y + h * 0.6)]),
            _ => Shape::new().limb(&[(x - w, y - h, 2.5), (x + w, y + h, 2.5)]),
        };
        let (first, second) = (any_ink(scene), any_ink(scene));
        if scene.chance(0.5) {
            scene.fill(&shape, first);
        } else {
            scene.fill(&shape, Fill::down(y - h, y + h, first, second));
        }
    }
}

/// Stripes or squares of two colours, at any angle and width.
pub fn stripes(scene: &mut Scene) {
    let (first, second) = (any_ink(scene), any_ink(scene));
    scene.fill(&whole(), first);
    let width = scene.pick(&[1.2, 2.0, 3.5, 6.0, 11.0]);
    let squares = scene.chance(0.35);
    let slope = scene.between(-3.0, 3.0);
    let soft = scene.chance(0.4);
    scene.placed(Placement::at((EDGE / 2.0, EDGE / 2.0)).slope(slope), |scene| {
        let rows = (80.0 / width) as i32;
        for row in -rows..=rows {
            let x = row as f32 * 2.0 * width;
            if squares {
                let mut y = -80.0 + if row % 2 == 0 { 0.0 } else { width };
                while y < 80.0 {
                    scene.fill(
                        &Shape::new().rect((x / 2.0, y), (width, width)),
                        second.lighter(0.2),
                    );
                    y += 2.0 * width;
                }
            } else {
                let stripe = Shape::new().rect((x, -80.0), (width, 160.0));
                let fill = match soft {
                    true => Fill::Linear((x, 0.0), (x + width, 0.0), first, second.lighter(0.3)),
                    false => second.lighter(0.1).into(),
                };
                scene.fill(&stripe, fill);
            }
        }
    });
}

/// Noise of one or several grains.
pub fn noise(scene: &mut Scene) {
    let (first, second) = (any_ink(scene), any_ink(scene));
    scene.fill(
        &whole(),
        Fill::Radial((EDGE / 2.0, EDGE / 2.0), 70.0, first.lighter(0.3), second.lighter(0.2)),
    );
    let grain = scene.pick(&[0.6, 1.0, 2.0, 4.0, 9.0]);
    for scale in [1.0, 2.0, 4.0] {
        if scene.chance(0.75) {
            let strength = scene.between(0.2, 0.6);
            scene.mottle((0.0, EDGE), (grain * scale, grain * scale), strength);
        }
    }
    if scene.chance(0.5) {
        for _ in 0..400 {
            let at = (scene.between(0.0, EDGE), scene.between(0.0, EDGE));
            let ink = any_ink(scene);
            let size = grain.min(3.0);
            scene.fill(&Shape::new().rect(at, (size, size)), ink.alpha(0.8));
        }
    }
    scene.mottle((0.0, EDGE), (0.6, 0.6), 0.3);
}
