//! Draws deer: a head close up, standing, walking, leaping and grazing.

use super::body::{Build, RUNNING, STANDING, WALKING};
use super::{Coat, Marks, backdrop, eye, outdoors, portrait, stand};
use crate::data::synthetic::background::shadow;
use crate::data::synthetic::brush::{Fill, Ink, Scene};
use crate::data::synthetic::shape::{At, Placement, Shape};

const BUILD: Build = Build {
    reach: 15.0,
    height: 34.0,
    chest: 7.6,
    waist: 6.6,
    rump: 7.4,
    thigh: 4.4,
    shank: 1.3,
    poll: (24.0, -56.0),
    neck: (6.2, 3.4),
    hoofed: true,
};

const HORN: Ink = Ink::hex(0xd8_c29a);

/// A deer close up, standing, walking, leaping or grazing, with its background. Some have spots, most
/// have antlers.
pub fn deer(scene: &mut Scene) {
    let base = scene.ink(&[0x9a6a3c, 0x8a5f3a, 0xa9784a, 0x7a5a40, 0xb07a48]);
    let fawn = scene.chance(0.2);
    let pale = Ink::hex(0xe6d8bd);
    let (dark, marks) = if fawn { (pale, Marks::Spots) } else { (base.darker(0.5), Marks::Plain) };
    let coat = Coat { base, pale, dark, marks };
    let antlers = scene.chance(if fawn { 0.4 } else { 0.85 });
    if scene.chance(0.3) {
        backdrop(scene);
        portrait(scene, (0.95, 1.12), |scene| {
            scene.placed(Placement::at((0.0, 12.0)), |scene| bust(scene, coat));
        });
        return;
    }
    let ground = outdoors(scene, 0.55);
    let grazing = !antlers && scene.chance(0.5);
    let gait = if grazing { STANDING } else { scene.pick(&[STANDING, WALKING, RUNNING]) };
    let build = Build { poll: if grazing { (31.0, -16.0) } else { BUILD.poll }, ..BUILD };
    let height = if antlers { 84.0 } else { 70.0 };
    stand(scene, ground, (height, 6.0), (0.84, 0.98), |scene| {
        shadow(scene, (2.0, -1.0), (26.0, 3.4));
        build.paint(scene, coat, gait);
        let scut = Shape::new().tilted((-22.5, -36.0), (2.6, 5.0), 0.25);
        scene.fill(&scut, pale);
        scene.soft((0.0, -27.0), (15.0, 3.0), pale.alpha(0.8));
        let nod = if grazing { 1.3 } else { scene.between(0.2, 0.45) };
        scene.placed(Placement::at(build.poll).slope(nod), |scene| {
            head(scene, coat, antlers);
        });
    });
}

/// Adds an antler to `shape`. It starts at `root` and leans to the right if `side` is positive.
fn antler(shape: Shape, root: At, side: f32, size: f32) -> Shape {
    let at = |x: f32, y: f32| (root.0 + side * x * size, root.1 + y * size);
    shape
        .sweep(
            [at(0.0, 0.0), at(14.0, -6.0), at(19.0, -16.0), at(12.0, -29.0)],
            [1.3 * size, 1.1 * size, 0.5 * size],
        )
        .sweep(
            [at(4.0, -2.5), at(5.0, -7.0), at(4.0, -10.0), at(2.5, -13.0)],
            [1.0 * size, 0.8 * size, 0.4 * size],
        )
        .sweep(
            [at(12.0, -9.0), at(12.0, -14.0), at(8.0, -18.0), at(5.5, -22.0)],
            [1.0 * size, 0.8 * size, 0.4 * size],
        )
        .sweep(
            [at(15.0, -17.0), at(19.0, -20.0), at(21.0, -23.0), at(21.0, -27.0)],
            [0.9 * size, 0.7 * size, 0.4 * size],
        )
}

/// A deer's head, seen from its right side. The poll is at the origin.
fn head(scene: &mut Scene, coat: Coat, antlers: bool) {
    let Coat { base, pale, .. } = coat;
    if antlers {
        let far = antler(Shape::new(), (1.5, -2.5), 1.0, 0.82);
        scene.fill(&far, HORN.darker(0.4));
        let near = antler(Shape::new(), (-1.0, -2.5), -1.0, 0.9);
        scene.fill(&near, Fill::down(-28.0, 0.0, HORN.lighter(0.25), HORN.darker(0.35)));
    }
    let head =
        Shape::new().limb(&[(0.0, 0.0, 4.2), (5.0, 0.8, 3.8), (11.0, 2.0, 2.4), (14.5, 2.6, 2.0)]);
    scene.fill(&head, Fill::round(-5.0, 5.5, base));
    scene.within(&head, |scene| scene.soft((13.0, 4.5), (7.0, 3.5), pale));
    let ear = Shape::new().tilted((-6.0, -4.0), (6.2, 2.5), 0.35);
    scene.fill(&ear, base.darker(0.2));
    scene.fill(&Shape::new().tilted((-6.0, -3.8), (4.6, 1.4), 0.35), pale.darker(0.08));
    scene.fill(&Shape::new().disc((16.0, 1.8), 1.3), Ink::DARK);
    eye(scene, (5.0, -1.0), 1.3);
}

/// A deer's head, ears and neck, facing the viewer.
fn bust(scene: &mut Scene, coat: Coat) {
    let Coat { base, pale, .. } = coat;
    let neck = Shape::new().limb(&[(0.0, 2.0, 10.0), (0.0, 26.0, 14.5), (0.0, 50.0, 30.0)]);
    let (lit, dim) = (base.darker(0.1), base.darker(0.5));
    scene.fill(&neck, Fill::Linear((-16.0, 10.0), (18.0, 40.0), lit, dim));
    scene.soft((0.0, 32.0), (9.0, 12.0), pale.alpha(0.8));
    let left = antler(Shape::new(), (-5.0, -16.0), -1.0, 1.25);
    let pair = antler(left, (5.0, -16.0), 1.0, 1.25);
    let lit = Fill::down(-54.0, -14.0, HORN.lighter(0.2), HORN.darker(0.4));
    scene.fill(&pair, lit);
    for side in [-1.0, 1.0] {
        let ear = Shape::new().tilted((18.0 * side, -11.0), (12.0, 5.2), -0.3 * side);
        scene.fill(&ear, base.darker(0.22));
        let inner = Shape::new().tilted((18.5 * side, -10.5), (9.0, 3.2), -0.3 * side);
        scene.fill(&inner, pale.mix(Ink::hex(0xd9a898), 0.4));
    }
    let face = Shape::new().limb(&[(0.0, -9.0, 10.5), (0.0, 5.0, 8.0), (0.0, 17.0, 6.0)]);
    scene.fill(
        &face,
        Fill::Linear((-11.0, -10.0), (11.0, 6.0), base.lighter(0.25), base.darker(0.22)),
    );
    scene.within(&face, |scene| {
        scene.soft((0.0, 21.0), (9.0, 7.0), pale);
        scene.soft((0.0, -4.0), (4.5, 14.0), base.darker(0.5).alpha(0.35));
    });
    for side in [-1.0, 1.0] {
        scene.soft((8.4 * side, -4.0), (4.8, 4.4), pale.alpha(0.9));
        eye(scene, (8.4 * side, -4.0), 2.7);
    }
    scene.fill(
        &Shape::new().blob(&[(-6.5, 14.5), (6.5, 14.5), (4.0, 20.0), (0.0, 21.5), (-4.0, 20.0)]),
        Ink::DARK,
    );
    scene.fill(&Shape::new().oval((-1.2, 16.0), (2.0, 0.7)), Ink::WHITE.alpha(0.5));
}
