//! Draws monkeys: a head close up, sitting, hanging and walking.

use super::body::{Build, WALKING};
use super::{Coat, Marks, eye, stand};
use crate::data::synthetic::background::{self, Ground, shadow};
use crate::data::synthetic::brush::{Fill, Ink, Scene};
use crate::data::synthetic::shape::{Placement, Shape};

const BUILD: Build = Build {
    reach: 14.0,
    height: 25.0,
    chest: 7.6,
    waist: 6.8,
    rump: 7.0,
    thigh: 4.2,
    shank: 2.2,
    poll: (20.0, -34.0),
    neck: (6.0, 5.0),
    hoofed: false,
};

/// A monkey close up, sitting, hanging from a branch, or walking on all fours, with its background.
pub fn monkey(scene: &mut Scene) {
    let base = scene.ink(&[0x5f4432, 0x7a5a3c, 0x3a2e28, 0x9a7448, 0x6f6a62, 0x8a4f2c]);
    let pale = scene.ink(&[0xe0b890, 0xd9a684, 0xeac9a8, 0xc99a7a]);
    let coat = Coat { base, pale, dark: base.darker(0.45), marks: Marks::Plain };
    let mirrored = scene.chance(0.5);
    match scene.count(0, 7) {
        0..=2 => {
            background::canopy(scene);
            let perch = scene.between(68.0, 76.0);
            background::branch(scene, perch);
            let place = Placement::at((scene.between(42.0, 54.0), perch + 2.0))
                .scale(scene.between(0.88, 1.02))
                .mirror(mirrored);
            scene.placed(place, |scene| sitting(scene, coat, true));
        }
        3 => {
            let ground = background::field(scene, &[Ground::Grass, Ground::Sand, Ground::Straw]);
            let place = Placement::at((scene.between(42.0, 54.0), ground))
                .scale(scene.between(1.0, 1.15))
                .mirror(mirrored);
            scene.placed(place, |scene| {
                shadow(scene, (0.0, -1.0), (28.0, 4.0));
                sitting(scene, coat, false);
            });
        }
        4 => {
            let ground = if scene.chance(0.5) {
                background::woods(scene)
            } else {
                background::field(scene, &[Ground::Grass, Ground::Straw])
            };
            walking(scene, ground, coat);
        }
        5 | 6 => {
            background::canopy(scene);
            let bough = scene.between(4.0, 10.0);
            background::branch(scene, bough);
            let place = Placement::at((scene.between(40.0, 52.0), bough + 2.0))
                .scale(scene.between(0.92, 1.05))
                .mirror(mirrored);
            scene.placed(place, |scene| hanging(scene, coat));
        }
        _ => {
            background::blur(scene);
            let place = Placement::at((scene.between(44.0, 52.0), scene.between(42.0, 48.0)))
                .scale(scene.between(1.35, 1.7))
                .slope(scene.between(-0.15, 0.15));
            scene.placed(place, |scene| {
                let chest = Shape::new().limb(&[(0.0, 14.0, 14.0), (0.0, 50.0, 27.0)]);
                scene.fill(&chest, Fill::round(0.0, 60.0, coat.base.darker(0.15)));
                head(scene, coat);
            });
        }
    }
}

/// A monkey that sits upright at y = 0. If `aloft`, it sits on a branch and its tail hangs down;
/// otherwise it sits on the ground and its tail is beside it.
fn sitting(scene: &mut Scene, coat: Coat, aloft: bool) {
    let Coat { base, pale, .. } = coat;
    let knots = if aloft {
        [(6.0, -6.0), (38.0, -4.0), (34.0, 34.0), (14.0, 20.0)]
    } else {
        [(6.0, -6.0), (40.0, 4.0), (44.0, -34.0), (30.0, -38.0)]
    };
    let tail = Shape::new().sweep(knots, [2.6, 2.2, 1.8]);
    scene.fill(&tail, Fill::round(-30.0, 30.0, base));
    let body = Shape::new().limb(&[(0.0, -13.0, 13.0), (0.0, -30.0, 10.5)]);
    scene.fill(&body, Fill::round(-42.0, 0.0, base));
    scene.fill(&Shape::new().oval((0.0, -17.0), (8.5, 12.0)), pale.mix(base, 0.25));
    let raised = aloft && scene.chance(0.5);
    if raised {
        let vine = Shape::new()
            .sweep([(19.0, -110.0), (23.0, -90.0), (19.0, -75.0), (21.0, -56.0)], [0.9, 0.9, 0.6]);
        scene.fill(&vine, Ink::hex(0x5a6b34));
    }
    for side in [-1.0, 1.0] {
        let leg = Shape::new().limb(&[
            (7.0 * side, -8.0, 5.5),
            (17.0 * side, -17.0, 4.6),
            (13.0 * side, -3.0, 3.4),
        ]);
        scene.fill(&leg, Fill::round(-22.0, 0.0, base.darker(0.06)));
        scene.fill(&Shape::new().oval((13.5 * side, -1.0), (5.4, 2.6)), pale.darker(0.12));
        let (elbow, hand) = if raised && side > 0.0 {
            ((22.0, -48.0), (20.0, -72.0))
        } else {
            ((19.0 * side, -27.0), (14.0 * side, -17.0))
        };
        let arm = Shape::new().limb(&[
            (9.0 * side, -35.0, 4.2),
            (elbow.0, elbow.1, 3.5),
            (hand.0, hand.1, 2.9),
        ]);
        scene.fill(&arm, Fill::round(-52.0, -10.0, base.lighter(0.05)));
        scene.fill(&Shape::new().disc(hand, 3.3), pale.darker(0.1));
    }
    let place = Placement::at((0.0, -47.0)).scale(0.86).slope(scene.between(-0.15, 0.15));
    scene.placed(place, |scene| head(scene, coat));
}

/// A monkey that hangs by its hands from a branch at y = 0.
fn hanging(scene: &mut Scene, coat: Coat) {
    let Coat { base, pale, .. } = coat;
    let knots = [(8.0, 58.0), (34.0, 70.0), (42.0, 40.0), (30.0, 34.0)];
    let tail = Shape::new().sweep(knots, [2.6, 2.2, 1.8]);
    scene.fill(&tail, Fill::round(30.0, 70.0, base));
    let second = scene.pick(&[(-14.0, 1.0), (-26.0, 50.0)]);
    let far = Shape::new().limb(&[
        (-6.0, 34.0, 4.0),
        (second.0 - 4.0, (second.1 + 34.0) * 0.5, 3.4),
        (second.0, second.1, 2.8),
    ]);
    scene.fill(&far, Fill::round(0.0, 40.0, base.darker(0.2)));
    scene.fill(&Shape::new().disc(second, 3.2), pale.darker(0.15));
    for (knee, foot) in [((-13.0, 66.0), (-8.0, 80.0)), ((14.0, 66.0), (12.0, 81.0))] {
        let leg =
            Shape::new().limb(&[(0.0, 56.0, 5.5), (knee.0, knee.1, 4.4), (foot.0, foot.1, 3.2)]);
        scene.fill(&leg, Fill::round(50.0, 84.0, base.darker(0.1)));
        scene.fill(&Shape::new().oval((foot.0 + 1.5, foot.1 + 1.5), (4.6, 2.8)), pale.darker(0.12));
    }
    let body = Shape::new().limb(&[(0.0, 38.0, 10.0), (0.0, 53.0, 11.5)]);
    scene.fill(&body, Fill::round(28.0, 66.0, base));
    scene.fill(&Shape::new().oval((0.0, 50.0), (7.5, 10.5)), pale.mix(base, 0.25));
    let arm = Shape::new().limb(&[(8.0, 36.0, 4.2), (20.0, 19.0, 3.5), (15.0, 1.0, 3.0)]);
    scene.fill(&arm, Fill::round(0.0, 40.0, base.lighter(0.05)));
    scene.fill(&Shape::new().disc((15.0, 0.5), 3.5), pale.darker(0.1));
    let place = Placement::at((0.0, 27.0)).scale(0.84).slope(scene.between(-0.2, 0.2));
    scene.placed(place, |scene| head(scene, coat));
}

/// A monkey that walks on all fours with its tail raised. Its face is turned to the viewer.
fn walking(scene: &mut Scene, ground: f32, coat: Coat) {
    stand(scene, ground, (66.0, 3.0), (0.76, 0.9), |scene| {
        shadow(scene, (2.0, -1.0), (26.0, 3.4));
        let knots = [(-18.0, -28.0), (-42.0, -22.0), (-34.0, -68.0), (-18.0, -56.0)];
        let tail = Shape::new().sweep(knots, [2.4, 2.2, 1.8]);
        scene.fill(&tail, Fill::round(-64.0, -24.0, coat.base));
        BUILD.paint(scene, coat, WALKING);
        let place = Placement::at((BUILD.poll.0 + 2.0, BUILD.poll.1 - 4.0)).scale(0.66);
        scene.placed(place, |scene| head(scene, coat));
    });
}

/// A monkey's head, facing the viewer.
fn head(scene: &mut Scene, coat: Coat) {
    let Coat { base, pale, dark, .. } = coat;
    for side in [-1.0, 1.0] {
        let at = (19.0 * side, -1.0);
        scene.fill(&Shape::new().disc(at, 6.8), base.darker(0.25));
        scene.fill(&Shape::new().disc(at, 4.4), pale.darker(0.15));
    }
    let skull = Shape::new().oval((0.0, -3.0), (18.0, 18.0)).oval((0.0, 6.0), (15.0, 13.0));
    scene.fill(&skull, Fill::Radial((-4.0, -12.0), 34.0, base.lighter(0.2), base.darker(0.4)));
    let tuft = [
        (-6.0, -19.0),
        (-2.0, -25.0),
        (-2.0, -25.0),
        (1.0, -20.0),
        (5.0, -24.0),
        (5.0, -24.0),
        (6.0, -18.0),
    ];
    scene.fill(&Shape::new().blob(&tuft), base.darker(0.1));
    let mask =
        Shape::new().disc((-6.2, -3.5), 7.8).disc((6.2, -3.5), 7.8).oval((0.0, 8.0), (12.5, 9.5));
    scene.fill(&mask, Fill::down(-12.0, 18.0, pale.lighter(0.12), pale.darker(0.18)));
    for side in [-1.0, 1.0] {
        scene.fill(&Shape::new().oval((6.2 * side, -3.0), (3.7, 3.9)), Ink::hex(0xf4efe4));
        scene.fill(&Shape::new().disc((6.0 * side, -2.7), 3.0), Ink::hex(0x5a3418));
        eye(scene, (6.0 * side, -2.7), 2.3);
        let brow = Shape::new().tilted((6.2 * side, -9.0), (5.0, 1.1), 0.15 * side);
        scene.fill(&brow, dark.alpha(0.7));
    }
    let nostrils =
        Shape::new().tilted((-1.9, 4.6), (1.3, 0.9), 0.5).tilted((1.9, 4.6), (1.3, 0.9), -0.5);
    scene.fill(&nostrils, Ink::DARK);
    let smile =
        Shape::new().sweep([(-7.5, 9.5), (-4.0, 14.0), (4.0, 14.0), (7.5, 9.5)], [0.4, 0.8, 0.4]);
    scene.fill(&smile, Ink::hex(0x5a2a24));
}
