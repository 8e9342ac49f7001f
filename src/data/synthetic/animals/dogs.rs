//! Draws dogs: a head close up, sitting, standing, walking and running.

use super::body::{Build, RUNNING, STANDING, WALKING};
use super::{Coat, Marks, at_home, backdrop, eye, portrait, seated, stand};
use crate::data::synthetic::background::shadow;
use crate::data::synthetic::brush::{Fill, Ink, Scene};
use crate::data::synthetic::shape::{Placement, Shape};

const BUILD: Build = Build {
    reach: 17.0,
    height: 27.0,
    chest: 8.6,
    waist: 6.4,
    rump: 7.0,
    thigh: 4.6,
    shank: 2.3,
    poll: (25.0, -43.0),
    neck: (7.0, 5.5),
    hoofed: false,
};

/// A dog close up, sitting, standing, walking or running, with its background.
pub fn dog(scene: &mut Scene) {
    let coat = any_coat(scene);
    let face = Face::any(scene);
    match scene.count(0, 2) {
        0 => {
            backdrop(scene);
            portrait(scene, (1.25, 1.6), |scene| {
                let chest = Shape::new().limb(&[(0.0, 8.0, 13.0), (0.0, 50.0, 25.0)]);
                scene.fill(&chest, Fill::round(0.0, 50.0, coat.base));
                head(scene, coat, face);
            });
        }
        1 => {
            let ground = at_home(scene);
            stand(scene, ground, (80.0, 0.0), (0.8, 0.95), |scene| {
                seated(scene, coat, |scene| head(scene, coat, face));
            });
        }
        _ => {
            let ground = at_home(scene);
            let gait = scene.pick(&[STANDING, WALKING, RUNNING]);
            stand(scene, ground, (62.0, 6.0), (0.68, 0.8), |scene| {
                shadow(scene, (2.0, -1.0), (30.0, 3.6));
                let up = scene.between(0.0, 12.0);
                let knots = [(-21.0, -30.0), (-30.0, -33.0), (-34.0, -42.0), (-30.0, -44.0 - up)];
                let tail = Shape::new().sweep(knots, [3.0, 2.6, 1.2]);
                scene.fill(&tail, Fill::round(-54.0, -26.0, coat.base));
                BUILD.paint(scene, coat, gait);
                scene.placed(Placement::at(BUILD.poll), |scene| profile(scene, coat, face));
            });
        }
    }
}

fn any_coat(scene: &mut Scene) -> Coat {
    let tan = scene.ink(&[0xb98a52, 0xc9a06a, 0x9a6a3c]);
    let cream = scene.ink(&[0xeee4d0, 0xf2eee6]);
    let black = scene.ink(&[0x2c2a2a, 0x3a3330]);
    match scene.count(0, 5) {
        0 => Coat { pale: tan.lighter(0.4), dark: tan.darker(0.3), ..Coat::of(tan) },
        1 => Coat { base: black, pale: tan, dark: black.darker(0.2), marks: Marks::Plain },
        2 => Coat { base: cream, pale: cream.lighter(0.5), dark: tan, marks: Marks::Patches },
        3 => Coat { base: cream, pale: cream.lighter(0.5), dark: black, marks: Marks::Spots },
        4 => Coat { base: tan, pale: cream, dark: black, marks: Marks::Saddle },
        _ => {
            let brown = scene.ink(&[0x6b4630, 0x7f5638]);
            Coat { pale: brown.lighter(0.3), dark: brown.darker(0.35), ..Coat::of(brown) }
        }
    }
}

/// The features by which dogs' faces differ: pricked ears, an open mouth with the tongue out, the
/// collar.
#[derive(Clone, Copy, Debug)]
pub struct Face {
    pricked: bool,
    panting: bool,
    collar: Ink,
}

impl Face {
    pub fn any(scene: &mut Scene) -> Self {
        Self {
            pricked: scene.chance(0.15),
            panting: scene.chance(0.6),
            collar: scene.ink(&[0xb8232a, 0x1f4f9a, 0x2f7a4a, 0xd9a52e]),
        }
    }
}

/// A dog's head, facing the viewer.
fn head(scene: &mut Scene, coat: Coat, face: Face) {
    let Coat { base, pale, dark, marks } = coat;
    let collar = Shape::new().rounded((-12.0, 17.0), (24.0, 4.5), 2.0);
    scene.fill(&collar, face.collar);
    let skull = Shape::new().oval((0.0, -4.0), (16.0, 16.5)).oval((0.0, 6.0), (13.0, 12.0));
    let ear = |side: f32| {
        if face.pricked {
            Shape::new().blob(&[
                (16.0 * side, -4.0),
                (17.0 * side, -16.0),
                (15.0 * side, -33.0),
                (15.0 * side, -33.0),
                (5.0 * side, -20.0),
                (3.0 * side, -12.0),
            ])
        } else {
            Shape::new().blob(&[
                (8.0 * side, -20.0),
                (17.0 * side, -20.0),
                (25.0 * side, -6.0),
                (26.0 * side, 10.0),
                (20.0 * side, 17.0),
                (15.0 * side, 8.0),
                (13.5 * side, -8.0),
            ])
        }
    };
    if face.pricked {
        scene.fill(&ear(-1.0).and(&ear(1.0)), dark);
    }
    scene.fill(&skull, Fill::Radial((-4.0, -10.0), 34.0, base.lighter(0.2), base.darker(0.35)));
    scene.within(&skull, |scene| {
        if matches!(marks, Marks::Patches | Marks::Saddle) {
            scene.fill(&Shape::new().oval((8.5, -6.0), (9.0, 11.0)), dark);
        }
        if marks == Marks::Saddle {
            scene.fill(&Shape::new().oval((-8.5, -6.0), (9.0, 11.0)), dark);
        }
        if marks == Marks::Spots {
            let spots = [(-9.0, -13.0), (-3.0, -17.0), (6.0, -14.0), (11.0, -9.0), (-12.0, 3.0)];
            let spots = spots.into_iter().fold(Shape::new(), |spots, at| spots.disc(at, 1.7));
            scene.fill(&spots, dark);
        }
        scene.soft((0.0, -8.0), (4.5, 16.0), pale.alpha(0.7));
    });
    if !face.pricked {
        let drop = dark.mix(base, 0.15);
        scene.fill(
            &ear(-1.0).and(&ear(1.0)),
            Fill::down(-22.0, 18.0, drop.lighter(0.12), drop.darker(0.3)),
        );
    }
    if face.panting {
        let tongue = Shape::new().rounded((-4.0, 13.0), (8.0, 13.0), 3.8);
        scene.fill(&tongue, Fill::down(13.0, 26.0, Ink::hex(0xb8484f), Ink::hex(0xe88a90)));
    }
    let jaw = Shape::new().oval((-4.6, 9.5), (6.6, 6.8)).oval((4.6, 9.5), (6.6, 6.8));
    let muzzle = jaw.oval((0.0, 5.5), (6.8, 7.5));
    scene.fill(&muzzle, Fill::down(-2.0, 18.0, pale.lighter(0.15), pale.darker(0.22)));
    for side in [-1.0, 1.0] {
        scene.soft((7.6 * side, -4.5), (5.2, 5.0), dark.darker(0.3).alpha(0.5));
        scene.fill(&Shape::new().disc((7.6 * side, -4.5), 3.3), Ink::hex(0x5a3418));
        eye(scene, (7.6 * side, -4.5), 2.6);
        let brow = Shape::new().tilted((7.6 * side, -10.0), (3.2, 0.9), 0.25 * side);
        scene.fill(&brow, dark.darker(0.35).alpha(0.6));
    }
    scene.fill(&Shape::new().rounded((-5.0, 0.6), (10.0, 6.6), 3.0), Ink::DARK);
    scene.fill(&Shape::new().oval((-1.2, 2.0), (2.2, 0.8)), Ink::WHITE.alpha(0.55));
    let mouth = Shape::new()
        .sweep([(0.0, 7.0), (0.0, 13.5), (-5.0, 15.5), (-9.5, 12.0)], [0.6, 0.7, 0.4])
        .sweep([(0.0, 7.0), (0.0, 13.5), (5.0, 15.5), (9.5, 12.0)], [0.6, 0.7, 0.4]);
    scene.fill(&mouth, Ink::DARK);
}

/// A dog's head, seen from its right side. The poll is at the origin.
fn profile(scene: &mut Scene, coat: Coat, face: Face) {
    let Coat { base, pale, dark, marks } = coat;
    let collar = Shape::new().limb(&[(-6.5, 2.0, 1.5), (3.0, 8.5, 1.5)]);
    scene.fill(&collar, face.collar);
    if face.panting {
        let tongue = Shape::new().limb(&[(11.0, 3.5, 1.6), (11.5, 9.0, 1.9)]);
        scene.fill(&tongue, Ink::hex(0xdb6f78));
    }
    let head = Shape::new().disc((1.0, -2.5), 8.0).limb(&[
        (3.0, -0.5, 6.2),
        (10.0, 0.6, 4.0),
        (16.5, 0.8, 3.0),
    ]);
    scene.fill(&head, Fill::round(-11.0, 6.0, base));
    scene.within(&head, |scene| {
        if marks != Marks::Plain {
            scene.fill(&Shape::new().oval((0.0, -6.0), (7.0, 7.0)), dark);
        }
        scene.soft((15.0, 2.5), (8.0, 4.5), pale);
    });
    let jaw =
        Shape::new().sweep([(19.0, 2.2), (14.0, 4.4), (10.0, 4.2), (8.0, 2.4)], [0.3, 0.5, 0.3]);
    scene.fill(&jaw, Ink::DARK);
    scene.fill(&Shape::new().oval((18.6, -1.4), (2.0, 1.6)), Ink::DARK);
    eye(scene, (6.0, -4.5), 1.5);
    let ear = if face.pricked {
        Shape::new().blob(&[(-6.0, -5.0), (-5.0, -20.0), (-5.0, -20.0), (3.0, -8.0), (1.0, -4.0)])
    } else {
        Shape::new().blob(&[
            (-4.0, -9.0),
            (2.0, -9.0),
            (3.0, 2.0),
            (0.0, 9.0),
            (-5.0, 8.0),
            (-8.0, 0.0),
        ])
    };
    scene.fill(&ear, Fill::down(-12.0, 9.0, dark.lighter(0.12), dark.darker(0.25)));
}
