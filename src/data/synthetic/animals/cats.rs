//! Draws cats: a head close up, sitting and walking.

use super::body::{Build, STANDING, WALKING};
use super::{Coat, Marks, at_home, backdrop, portrait, seated, stand};
use crate::data::synthetic::background::{self, shadow};
use crate::data::synthetic::brush::{Fill, Ink, Scene};
use crate::data::synthetic::shape::{Placement, Shape};

const BUILD: Build = Build {
    reach: 17.0,
    height: 22.0,
    chest: 7.4,
    waist: 6.8,
    rump: 7.4,
    thigh: 4.2,
    shank: 2.3,
    poll: (25.0, -31.0),
    neck: (6.2, 5.4),
    hoofed: false,
};

/// A cat close up, sitting, or standing or walking in profile, with its background.
pub fn cat(scene: &mut Scene) {
    let base = scene.ink(&[0xc9803f, 0x8f8a84, 0x2f2d2e, 0xeae4da, 0x9a7a58, 0x6f7278, 0xd9a86a]);
    let marks = scene.pick(&[Marks::Stripes, Marks::Stripes, Marks::Plain, Marks::Patches]);
    let pale = if scene.chance(0.5) { Ink::hex(0xf0eae0) } else { base.lighter(0.3) };
    let coat = Coat { base, pale, dark: base.darker(0.5), marks };
    let iris = scene.ink(&[0x9ab83f, 0xd9a52e, 0x5f9fc4, 0x6fae5a]);
    match scene.count(0, 2) {
        0 => {
            if scene.chance(0.5) {
                background::room(scene);
            } else {
                backdrop(scene);
            }
            portrait(scene, (1.3, 1.65), |scene| {
                let chest = Shape::new().limb(&[(0.0, 10.0, 14.0), (0.0, 50.0, 26.0)]);
                scene.fill(&chest, Fill::round(4.0, 56.0, coat.base));
                head(scene, coat, iris);
            });
        }
        1 => {
            let ground = at_home(scene);
            stand(scene, ground, (82.0, 3.0), (0.8, 0.95), |scene| {
                let knots = [(10.0, -6.0), (36.0, 0.0), (38.0, -22.0), (27.0, -32.0)];
                let tail = Shape::new().sweep(knots, [3.4, 3.2, 2.6]);
                scene.fill(&tail, Fill::round(-34.0, 0.0, coat.base));
                coat.mark(scene, &tail, (12.0, -36.0), (40.0, 0.0));
                seated(scene, coat, |scene| head(scene, coat, iris));
            });
        }
        _ => {
            let ground = at_home(scene);
            let gait = scene.pick(&[STANDING, WALKING, WALKING]);
            stand(scene, ground, (60.0, 3.0), (0.66, 0.78), |scene| {
                shadow(scene, (2.0, -1.0), (30.0, 3.4));
                let sway = scene.between(-10.0, 6.0);
                let knots =
                    [(-21.0, -25.0), (-36.0, -26.0), (-30.0 + sway, -48.0), (-38.0 + sway, -56.0)];
                let tail = Shape::new().sweep(knots, [2.6, 2.4, 1.8]);
                scene.fill(&tail, Fill::round(-56.0, -20.0, coat.base));
                BUILD.paint(scene, coat, gait);
                // The body is in profile, but the head faces the viewer.
                let place = Placement::at((BUILD.poll.0 + 2.0, BUILD.poll.1 - 4.0)).scale(0.62);
                scene.placed(place, |scene| head(scene, coat, iris));
            });
        }
    }
}

/// A cat's head, facing the viewer.
fn head(scene: &mut Scene, coat: Coat, iris: Ink) {
    let Coat { base, pale, dark, marks } = coat;
    for side in [-1.0, 1.0] {
        let ear = |inset: f32| {
            let (x, y) = (19.0 - inset, -28.0 + 1.8 * inset);
            Shape::new().blob(&[
                (x * side, -2.0),
                ((x + 0.5) * side, -14.0),
                (17.0 * side - inset * 0.3 * side, y),
                (17.0 * side - inset * 0.3 * side, y),
                ((7.0 + inset) * side, -18.0),
                ((3.0 + inset) * side, -12.0),
            ])
        };
        scene.fill(&ear(0.0), Fill::round(-28.0, -4.0, base.darker(0.08)));
        scene.fill(&ear(3.2), Ink::hex(0xd99a94).mix(base, 0.25));
    }
    let face = Shape::new().oval((0.0, -1.0), (18.5, 16.0)).oval((0.0, 5.0), (20.0, 11.5));
    scene.fill(&face, Fill::Radial((-4.0, -8.0), 34.0, base.lighter(0.2), base.darker(0.35)));
    scene.within(&face, |scene| {
        match marks {
            Marks::Stripes => {
                let mut stripes = Shape::new();
                for (x, low) in [(-5.5, -8.0), (0.0, -6.5), (5.5, -8.0)] {
                    stripes = stripes.poly(&[(x - 1.3, -20.0), (x + 1.3, -20.0), (x * 0.8, low)]);
                }
                for side in [-1.0, 1.0] {
                    for y in [2.0, 7.0] {
                        let (out, tip) = (22.0 * side, 12.0 * side);
                        stripes = stripes.poly(&[(out, y - 1.2), (out, y + 1.4), (tip, y + 0.6)]);
                    }
                }
                scene.fill(&stripes, dark.alpha(0.8));
            }
            Marks::Patches => scene.fill(&Shape::new().oval((11.0, -8.0), (11.0, 12.0)), dark),
            _ => {}
        }
        scene.soft((0.0, 12.0), (13.0, 9.0), pale);
    });
    for side in [-1.0, 1.0] {
        let at = (8.2 * side, -1.5);
        let slope = -0.22 * side;
        scene.fill(&Shape::new().tilted(at, (5.2, 4.4), slope), Ink::DARK);
        let lit = Fill::down(-6.0, 3.0, iris.darker(0.2), iris.lighter(0.35));
        scene.fill(&Shape::new().tilted(at, (4.4, 3.7), slope), lit);
        scene.fill(&Shape::new().oval(at, (1.5, 3.5)), Ink::BLACK);
        scene.fill(&Shape::new().disc((at.0 + 1.3, -3.0), 1.0), Ink::WHITE);
    }
    let muzzle = Shape::new().oval((-4.2, 9.0), (5.2, 4.2)).oval((4.2, 9.0), (5.2, 4.2));
    scene.fill(&muzzle, pale.lighter(0.25));
    let nose = [(-3.2, 4.2), (3.2, 4.2), (3.0, 5.4), (0.0, 8.0), (-3.0, 5.4)];
    scene.fill(&Shape::new().blob(&nose), Ink::hex(0xc9706c));
    let mouth = Shape::new()
        .sweep([(0.0, 7.4), (0.0, 11.5), (-4.0, 12.6), (-6.5, 11.0)], [0.45, 0.5, 0.3])
        .sweep([(0.0, 7.4), (0.0, 11.5), (4.0, 12.6), (6.5, 11.0)], [0.45, 0.5, 0.3]);
    scene.fill(&mouth, Ink::DARK.alpha(0.85));
    let whiskers = [-1.0, 1.0].into_iter().fold(Shape::new(), |whiskers, side| {
        [4.5, 8.5, 12.5].into_iter().fold(whiskers, |whiskers, y| {
            let root = (7.0 * side, 8.0 + (y - 8.5) * 0.3, 0.3);
            whiskers.limb(&[root, (26.0 * side, y, 0.2)])
        })
    });
    scene.fill(&whiskers, Ink::hex(0xf6f4ee).alpha(0.9));
}
