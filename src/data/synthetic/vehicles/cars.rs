//! Draws cars: from the side, from the front and from behind.

use super::{LAMP, PAINTS, TAIL_LAMP, TYRE, glass, wheel};
use crate::data::synthetic::background::{self, shadow};
use crate::data::synthetic::brush::{Fill, Ink, Scene};
use crate::data::synthetic::shape::{Placement, Shape};

/// The roof line of a car: x of the roof's ends (`rear`, `front`), x of the points where the windscreens
/// meet the body (`tail`, `nose`), and y of the roof and of the waist.
#[derive(Clone, Copy)]
struct Cabin {
    tail: f32,
    rear: f32,
    front: f32,
    nose: f32,
    roof: f32,
    waist: f32,
}

const CABINS: [Cabin; 4] = [
    // A saloon, a hatchback, an off-road car and a coupé.
    Cabin { tail: -27.0, rear: -16.0, front: 7.0, nose: 20.0, roof: -30.0, waist: -18.5 },
    Cabin { tail: -36.0, rear: -29.0, front: 6.0, nose: 20.0, roof: -31.0, waist: -18.5 },
    Cabin { tail: -37.0, rear: -34.0, front: 7.0, nose: 17.0, roof: -36.0, waist: -22.0 },
    Cabin { tail: -33.0, rear: -13.0, front: 2.0, nose: 19.0, roof: -26.0, waist: -17.0 },
];

/// A car from the side, from the front or from behind, on a street.
pub fn car(scene: &mut Scene) {
    let ground = background::street(scene);
    let paint = scene.ink(PAINTS);
    let view = scene.pick(&[car_side, car_side, car_side, car_front, car_behind]);
    let place = Placement::at((scene.between(42.0, 54.0), ground))
        .scale(scene.between(0.86, 1.18))
        .slope(scene.between(-0.03, 0.03))
        .mirror(scene.chance(0.5));
    scene.placed(place, |scene| view(scene, paint));
}

fn car_side(scene: &mut Scene, paint: Ink) {
    let Cabin { tail, rear, front, nose, roof, waist } = scene.pick(&CABINS);
    shadow(scene, (0.0, -0.5), (44.0, 4.5));
    let hood = waist + 1.5;
    let body = Shape::new().blob(&[
        (-39.5, -6.0),
        (-40.0, waist + 1.0),
        (tail, waist - 0.5),
        (tail, waist - 0.5),
        (rear, roof),
        (rear, roof),
        (front, roof - 0.5),
        (front, roof - 0.5),
        (nose, waist),
        (nose, waist),
        (37.0, hood),
        (40.5, hood + 5.0),
        (40.0, -5.0),
        (36.0, -4.0),
        (36.0, -4.0),
        (-36.0, -4.0),
        (-36.0, -4.0),
    ]);
    scene.fill(&body, Fill::round(roof, -3.0, paint));

    let (top, low) = (roof + 2.6, waist + 0.5);
    let lean = |x: f32, edge: f32, share: f32| x + (edge - x) * share;
    let pillar = (rear + front) / 2.0 - 1.0;
    let rear_glass = Shape::new().poly(&[
        (lean(rear, tail, 0.78) + 2.5, low),
        (rear + 1.6, top),
        (pillar - 0.9, top),
        (pillar - 0.9, low),
    ]);
    let front_glass = Shape::new().poly(&[
        (pillar + 0.9, low),
        (pillar + 0.9, top),
        (front - 0.6, top),
        (lean(front, nose, 0.8), low),
    ]);
    scene.fill(&rear_glass.and(&front_glass), glass(top, low + 1.0));

    let seam = paint.darker(0.5).alpha(0.7);
    let doors = Shape::new()
        .rect((pillar - 0.4, waist + 1.0), (0.8, 12.0))
        .rect((front + 6.5, waist + 2.0), (0.7, 11.0))
        .rect((pillar + 2.0, waist + 3.4), (3.6, 1.0));
    scene.fill(&doors, seam);
    scene.fill(&Shape::new().rect((-38.0, waist + 1.8), (75.0, 0.8)), Ink::WHITE.alpha(0.3));
    scene.fill(&Shape::new().rounded((-34.0, -6.5), (68.0, 2.8), 1.0), TYRE.alpha(0.75));
    scene.fill(&Shape::new().oval((37.5, hood + 4.6), (2.8, 1.9)), LAMP);
    scene.fill(&Shape::new().rounded((-39.6, waist + 2.5), (3.2, 4.0), 1.0), TAIL_LAMP);
    scene.fill(&Shape::new().oval((nose - 4.0, waist - 0.6), (1.9, 1.4)), paint.darker(0.35));

    let r = scene.between(7.2, 8.4);
    for x in [-24.0, 24.0] {
        scene.fill(&Shape::new().disc((x, -r), r + 1.5), TYRE.alpha(0.85));
        wheel(scene, x, r);
    }
}

fn car_front(scene: &mut Scene, paint: Ink) {
    car_face(scene, paint);
    let grille = Shape::new().rounded((-11.0, -20.0), (22.0, 7.0), 2.5);
    scene.fill(&grille, Ink::hex(0x222427));
    scene.fill(&Shape::new().rect((-10.0, -17.0), (20.0, 0.8)), Ink::hex(0xa8acb0));
    for side in [-1.0, 1.0] {
        let lamp = Shape::new().tilted((20.5 * side, -18.0), (6.0, 3.6), -0.15 * side);
        scene.fill(&lamp, Fill::Radial((20.5 * side, -18.0), 6.0, Ink::WHITE, LAMP.darker(0.2)));
    }
}

fn car_behind(scene: &mut Scene, paint: Ink) {
    car_face(scene, paint);
    scene.fill(&Shape::new().rect((-19.0, -23.0), (38.0, 0.8)), paint.darker(0.5));
    for side in [-1.0, 1.0] {
        let lamp = Shape::new().rounded((22.0 * side - 5.0, -22.0), (10.0, 6.0), 2.0);
        scene.fill(&lamp, Fill::down(-22.0, -15.0, TAIL_LAMP.lighter(0.3), TAIL_LAMP.darker(0.2)));
    }
}

/// The parts that the front view and the rear view share.
fn car_face(scene: &mut Scene, paint: Ink) {
    shadow(scene, (0.0, -1.0), (36.0, 5.0));
    let tyres = Shape::new().rounded((-27.0, -11.0), (9.0, 11.0), 2.0).rounded(
        (18.0, -11.0),
        (9.0, 11.0),
        2.0,
    );
    scene.fill(&tyres, TYRE);
    let roof = scene.between(-47.0, -41.0);
    let cabin = Shape::new().blob(&[
        (-25.0, -24.0),
        (-25.0, -24.0),
        (-18.5, roof),
        (-16.0, roof - 1.0),
        (16.0, roof - 1.0),
        (18.5, roof),
        (25.0, -24.0),
        (25.0, -24.0),
    ]);
    scene.fill(&cabin, Fill::round(roof, -20.0, paint));
    let screen = Shape::new().poly(&[
        (-21.0, -27.0),
        (-15.8, roof + 3.0),
        (15.8, roof + 3.0),
        (21.0, -27.0),
    ]);
    scene.fill(&screen, glass(roof, -26.0));
    scene.within(&screen, |scene| {
        let glint =
            Shape::new().poly(&[(-12.0, -26.0), (-4.0, -48.0), (2.0, -48.0), (-6.0, -26.0)]);
        scene.fill(&glint, Ink::WHITE.alpha(0.25));
    });
    let mirrors = Shape::new().oval((-27.5, -27.5), (3.2, 2.2)).oval((27.5, -27.5), (3.2, 2.2));
    scene.fill(&mirrors, paint.darker(0.3));
    let body = Shape::new().rounded((-29.0, -27.0), (58.0, 22.5), 6.0);
    scene.fill(&body, Fill::round(-28.0, -4.0, paint));
    let bumper = Shape::new().rounded((-29.5, -12.0), (59.0, 7.5), 3.0);
    scene.fill(&bumper, Fill::round(-13.0, -3.0, paint.darker(0.12)));
    scene.fill(&Shape::new().rounded((-22.0, -7.6), (44.0, 3.0), 1.2), TYRE.alpha(0.8));
    scene.fill(&Shape::new().rect((-6.5, -11.5), (13.0, 4.0)), Ink::hex(0xf2f0e4));
    scene.fill(&Shape::new().rect((-4.5, -10.2), (9.0, 1.3)), Ink::DARK.alpha(0.7));
}
