//! Draws horses: a head close up, standing, walking, galloping and grazing.

use super::body::{Build, RUNNING, STANDING, WALKING};
use super::{Coat, Marks, backdrop, eye, outdoors, portrait, stand};
use crate::data::synthetic::background::shadow;
use crate::data::synthetic::brush::{Fill, Ink, Scene};
use crate::data::synthetic::shape::{At, Placement, Shape};

const BUILD: Build = Build {
    reach: 19.0,
    height: 38.0,
    chest: 9.8,
    waist: 8.8,
    rump: 10.0,
    thigh: 5.6,
    shank: 1.9,
    poll: (35.0, -65.0),
    neck: (8.6, 4.4),
    hoofed: true,
};

/// A horse close up, standing, walking, galloping or grazing, with its background.
pub fn horse(scene: &mut Scene) {
    let base = scene.ink(&[0x7a4a2a, 0x8f5a32, 0x4a3022, 0x2e2826, 0xa9743f, 0xc9c4bc, 0x9a9692]);
    let marks = if scene.chance(0.2) { Marks::Patches } else { Marks::Plain };
    let mane = match scene.count(0, 2) {
        0 => base.darker(0.75),
        1 => base.darker(0.5),
        _ => base.mix(Ink::hex(0xe8dcc0), 0.7),
    };
    let dark = if marks == Marks::Patches { Ink::hex(0xeee8dc) } else { mane };
    let coat = Coat { base, pale: base.lighter(0.2), dark, marks };
    if scene.chance(0.25) {
        backdrop(scene);
        portrait(scene, (1.0, 1.2), |scene| bust(scene, coat, mane));
        return;
    }
    let ground = outdoors(scene, 0.15);
    let grazing = scene.chance(0.22);
    let gait = if grazing { STANDING } else { scene.pick(&[STANDING, WALKING, WALKING, RUNNING]) };
    let poll = match (grazing, gait == RUNNING) {
        (true, _) => (41.0, -22.0),
        (_, true) => (41.0, -60.0),
        _ => BUILD.poll,
    };
    let build = Build { poll, ..BUILD };
    stand(scene, ground, (78.0, 8.0), (0.68, 0.86), |scene| {
        shadow(scene, (2.0, -1.0), (34.0, 4.0));
        let stream = if gait == RUNNING { (-20.0, 12.0) } else { (-7.0, 0.0) };
        let tail = Shape::new().sweep(
            [
                (-26.0, -44.0),
                (-34.0 + 0.4 * stream.0, -44.0),
                (-32.0 + stream.0, -30.0 - stream.1),
                (-30.0 + stream.0, -10.0 - 1.4 * stream.1),
            ],
            [1.8, 4.2, 0.8],
        );
        build.paint(scene, coat, gait);
        scene.fill(&tail, Fill::down(-46.0, -8.0, mane.lighter(0.12), mane.darker(0.25)));
        crest(scene, (18.0, -40.5), poll, mane);
        let nod = if grazing { 1.5 } else { scene.between(0.75, 1.0) };
        scene.placed(Placement::at(poll).slope(nod), |scene| head(scene, coat, mane));
    });
}

/// A horse's head, seen from its right side. The poll is at the origin.
fn head(scene: &mut Scene, coat: Coat, mane: Ink) {
    let Coat { base, pale, .. } = coat;
    let ears = Shape::new()
        .blob(&[(-4.0, -2.0), (-6.5, -9.5), (-6.5, -9.5), (1.0, -5.0), (1.0, -2.0)])
        .blob(&[(-1.0, -2.0), (-1.5, -9.5), (-1.5, -9.5), (3.5, -5.0), (3.5, -2.0)]);
    scene.fill(&ears, base.darker(0.25));
    let head = Shape::new().limb(&[
        (0.0, 0.0, 4.8),
        (5.5, 1.0, 5.2),
        (13.0, 0.0, 3.3),
        (19.0, 0.4, 3.1),
        (20.5, 0.8, 2.9),
    ]);
    scene.fill(&head, Fill::down(-5.5, 6.5, base.lighter(0.22), base.darker(0.3)));
    scene.within(&head, |scene| {
        scene.soft((21.0, 1.5), (6.0, 5.0), base.darker(0.6).alpha(0.8));
        if scene.chance(0.4) {
            scene.fill(
                &Shape::new().limb(&[(4.0, -4.6, 1.0), (18.0, -3.2, 0.9)]),
                Ink::hex(0xf2eee6),
            );
        }
        scene.soft((6.5, 2.5), (4.5, 4.0), pale.lighter(0.2).alpha(0.3));
    });
    scene.fill(&Shape::new().tilted((20.8, -0.6), (1.2, 0.8), -0.6), Ink::DARK);
    let lips = Shape::new().limb(&[(22.6, 2.3, 0.3), (17.5, 2.4, 0.3)]);
    scene.fill(&lips, Ink::DARK.alpha(0.8));
    eye(scene, (6.5, -2.0), 1.25);
    let forelock = [(-4.0, -4.0), (0.0, -7.0), (4.0, -5.0), (7.0, -2.5), (1.0, -2.0)];
    scene.fill(&Shape::new().blob(&forelock), mane);
}

/// The mane, along the crest (the upper edge of the neck) from the withers to the poll.
fn crest(scene: &mut Scene, withers: At, poll: At, mane: Ink) {
    let (dx, dy) = (poll.0 - withers.0, poll.1 - withers.1);
    let length = (dx * dx + dy * dy).sqrt();
    // `t` runs from the withers to the poll; `out` is the distance from the neck's centre line
    // towards the crest.
    let along = |t: f32, out: f32| {
        let (nx, ny) = (dy / length, -dx / length);
        (withers.0 + dx * t + nx * out, withers.1 + dy * t + ny * out)
    };
    let hair = Shape::new().blob(&[
        along(-0.05, 8.6),
        along(0.3, 8.4),
        along(0.65, 6.8),
        along(1.0, 6.0),
        along(1.0, 1.0),
        along(0.7, 0.0),
        along(0.4, 1.0),
        along(0.1, 4.5),
    ]);
    scene.fill(&hair, Fill::Linear(poll, withers, mane.lighter(0.14), mane.darker(0.2)));
}

/// A horse's head and neck in profile. They fill the picture.
fn bust(scene: &mut Scene, coat: Coat, mane: Ink) {
    let poll = (-6.0, -26.0);
    let neck =
        Shape::new().limb(&[(-34.0, 60.0, 26.0), (-16.0, 6.0, 15.5), (poll.0, poll.1, 10.0)]);
    let (lit, dim) = (coat.base.lighter(0.15), coat.base.darker(0.4));
    scene.fill(&neck, Fill::Linear((-30.0, 0.0), (12.0, 14.0), lit, dim));
    let hair = Shape::new().blob(&[
        (-2.0, -38.0),
        (-16.0, -38.0),
        (-30.0, -16.0),
        (-46.0, 20.0),
        (-60.0, 60.0),
        (-30.0, 60.0),
        (-30.0, 30.0),
        (-20.0, 10.0),
        (-16.0, -8.0),
        (-8.0, -24.0),
    ]);
    scene.fill(&hair, Fill::down(-40.0, 50.0, mane.lighter(0.15), mane.darker(0.2)));
    let place = Placement::at(poll).scale(2.15).slope(scene.between(0.7, 1.0));
    let tack = scene.chance(0.5).then(|| scene.ink(&[0x3a2a20, 0xa02a26, 0x1f4f8a]));
    scene.placed(place, |scene| {
        head(scene, coat, mane);
        if let Some(strap) = tack {
            let straps = Shape::new()
                .limb(&[(13.2, -3.4, 0.55), (13.2, 3.4, 0.55)])
                .limb(&[(1.5, -4.8, 0.5), (1.5, 5.2, 0.5)])
                .limb(&[(13.0, 1.2, 0.5), (1.5, 2.6, 0.5)]);
            scene.fill(&straps, strap);
        }
    });
}
