//! Draws birds: perching, flying, soaring, swimming and wading.

use crate::data::synthetic::background::{self, Ground, shadow};
use crate::data::synthetic::brush::{Fill, Ink, SIDE, Scene};
use crate::data::synthetic::shape::{At, Placement, Shape};

/// The colours of a bird.
#[derive(Clone, Copy, Debug)]
struct Plumage {
    back: Ink,
    breast: Ink,
    wing: Ink,
    bill: Ink,
}

impl Plumage {
    fn any(scene: &mut Scene) -> Self {
        let (back, breast, wing, bill) = scene.pick(&[
            (0x6b5a48, 0xc9602f, 0x54463a, 0x4a3f38),
            (0x2f6fb0, 0xe8e2d8, 0x2458a0, 0x2c2a2c),
            (0xb8282a, 0xc9403a, 0x8a1f24, 0xd98a3a),
            (0xd9b82e, 0xe8cf4a, 0x4a4632, 0xd9823a),
            (0x8a6a4a, 0xd9c6a4, 0x6b4f38, 0x5a4a3a),
            (0x26262a, 0x34343a, 0x1e1e22, 0x2c2a26),
            (0xf0f0ee, 0xf6f6f4, 0xa4acb4, 0xe0a02e),
            (0x4a8a4a, 0x9ac45a, 0x2f6f4a, 0xb83a2e),
        ]);
        Self {
            back: scene.ink(&[back]),
            breast: scene.ink(&[breast]),
            wing: scene.ink(&[wing]),
            bill: Ink::hex(bill),
        }
    }
}

/// A songbird, a bird in flight, a bird of prey, a duck or a wader, with its background.
pub fn bird(scene: &mut Scene) {
    let plumage = Plumage::any(scene);
    let place = |scene: &mut Scene, foot: f32, scale: At| {
        Placement::at((scene.between(44.0, 52.0), foot))
            .scale(scene.between(scale.0, scale.1))
            .mirror(scene.chance(0.5))
    };
    match scene.count(0, 8) {
        0..=2 => {
            background::canopy(scene);
            let perch = scene.between(70.0, 80.0);
            background::branch(scene, perch);
            let place = place(scene, perch, (1.2, 1.5));
            scene.placed(place, |scene| perching(scene, plumage));
        }
        3 | 4 => {
            let place = flight(scene, (0.85, 1.15)).slope(scene.between(-0.35, 0.2));
            scene.placed(place, |scene| flapping(scene, plumage));
        }
        5 => {
            let place = flight(scene, (0.85, 1.1)).slope(scene.between(-0.4, 0.4));
            scene.placed(place, |scene| soaring(scene, plumage));
        }
        6 => {
            let (horizon, water) = background::sea(scene);
            let line = scene.between(66.0, 76.0).max(horizon + 10.0);
            let place = place(scene, line, (1.1, 1.4));
            scene.placed(place, |scene| duck(scene, plumage, water));
            background::ripples(scene, (line + 4.0, SIDE as f32), water.lighter(0.5));
        }
        7 => {
            let ground = background::field(scene, &[Ground::Grass, Ground::Sand, Ground::Straw]);
            let place = place(scene, ground, (1.2, 1.5));
            scene.placed(place, |scene| {
                shadow(scene, (0.0, 0.0), (18.0, 2.5));
                perching(scene, plumage);
            });
        }
        _ => {
            let ground = if scene.chance(0.5) {
                let (horizon, _) = background::sea(scene);
                horizon.max(84.0)
            } else {
                background::field(scene, &[Ground::Grass, Ground::Sand])
            };
            let place = place(scene, ground, (0.86, 0.98));
            scene.placed(place, wading);
        }
    }
}

/// A background for a flying bird. Returns the bird's placement in it.
fn flight(scene: &mut Scene, scale: At) -> Placement {
    match scene.count(0, 5) {
        0 => {
            background::sea(scene);
        }
        1 => {
            background::field(scene, &[Ground::Grass]);
        }
        _ => {
            background::sky(scene, SIDE as f32);
        }
    }
    Placement::at((scene.between(42.0, 54.0), scene.between(44.0, 56.0)))
        .scale(scene.between(scale.0, scale.1))
        .mirror(scene.chance(0.5))
}

/// A round eye in a pale ring.
fn bird_eye(scene: &mut Scene, (x, y): At, r: f32) {
    scene.fill(&Shape::new().disc((x, y), r * 1.35), Ink::hex(0xe9dfc4).alpha(0.8));
    scene.fill(&Shape::new().disc((x, y), r), Ink::BLACK);
    scene.fill(&Shape::new().disc((x + 0.35 * r, y - 0.35 * r), 0.35 * r), Ink::WHITE);
}

/// A songbird that stands, in profile. Its feet are at y = 0.
fn perching(scene: &mut Scene, plumage: Plumage) {
    let Plumage { back, breast, wing, bill } = plumage;
    let tail = Shape::new().poly(&[(-10.0, -17.0), (-31.0, 2.0), (-27.0, 6.0), (-4.0, -9.0)]);
    scene.fill(&tail, Fill::round(-16.0, 6.0, wing));
    let legs = Shape::new().limb(&[(-1.0, -8.0, 0.8), (0.0, 0.0, 0.7), (4.0, 0.6, 0.6)]).limb(&[
        (5.0, -8.0, 0.8),
        (6.0, 0.0, 0.7),
        (10.0, 0.6, 0.6),
    ]);
    scene.fill(&legs, bill.darker(0.25));
    let body = Shape::new().tilted((1.0, -18.0), (17.5, 11.5), -0.55).disc((11.0, -31.0), 9.0);
    scene.fill(&body, Fill::round(-41.0, -6.0, back));
    scene.within(&body, |scene| {
        scene.soft((13.0, -14.0), (17.0, 15.0), breast);
        scene.fill(&Shape::new().tilted((12.0, -16.0), (9.0, 11.0), -0.4), breast.alpha(0.85));
        scene.soft((4.0, -5.0), (18.0, 5.0), Ink::BLACK.alpha(0.35));
    });
    let beak = Shape::new().poly(&[(18.5, -34.0), (28.5, -30.2), (18.5, -28.0)]);
    scene.fill(&beak, Fill::round(-34.0, -28.0, bill));
    let folded = Shape::new().blob(&[
        (6.0, -27.0),
        (10.0, -20.0),
        (2.0, -11.0),
        (-12.0, -5.0),
        (-21.0, -1.0),
        (-21.0, -1.0),
        (-13.0, -17.0),
        (-4.0, -27.0),
    ]);
    scene.fill(&folded, Fill::round(-28.0, -2.0, wing));
    let quills = Shape::new()
        .limb(&[(3.0, -16.0, 0.4), (-14.0, -5.0, 0.3)])
        .limb(&[(4.0, -20.0, 0.4), (-13.0, -9.0, 0.3)])
        .limb(&[(2.0, -24.0, 0.4), (-12.0, -14.0, 0.3)]);
    scene.fill(&quills, wing.lighter(0.45).alpha(0.7));
    bird_eye(scene, (13.5, -32.5), 1.5);
}

/// A raised wing, drawn feather by feather, from the shoulder at the origin to `tip`; `width` is its
/// length along the body.
fn lifted_wing(tip: At, width: f32) -> Shape {
    const FEATHERS: u8 = 11;
    let wrist = (tip.0 * 0.25 + 5.0, tip.1 * 0.55);
    let root = (-width, 2.0);
    let pull = (wrist.0 - 1.3 * width, wrist.1 * 1.05);
    (0..=FEATHERS).fold(Shape::new(), |wing, feather| {
        let t = f32::from(feather) / f32::from(FEATHERS);
        let u = 1.0 - t;
        let along = (1.4 * t).min(1.0);
        let quill = (wrist.0 * along, wrist.1 * along);
        let end = |root: f32, pull: f32, tip: f32| u * u * root + 2.0 * u * t * pull + t * t * tip;
        let end = (end(root.0, pull.0, tip.0), end(root.1, pull.1, tip.1));
        let middle = ((quill.0 + end.0) * 0.5, (quill.1 + end.1) * 0.5);
        wing.limb(&[(quill.0, quill.1, 2.4), (middle.0, middle.1, 2.9), (end.0, end.1, 1.1)])
    })
}

/// A bird that flaps its wings, seen from the side.
fn flapping(scene: &mut Scene, plumage: Plumage) {
    let Plumage { back, breast, wing, bill } = plumage;
    let lift = if scene.chance(0.75) { -1.0 } else { 0.8 };
    let spread = scene.between(30.0, 38.0);
    scene.placed(Placement::at((11.0, -3.0)), |scene| {
        let far = lifted_wing((6.0, spread * lift * 0.95), 10.0);
        scene.fill(&far, wing.darker(0.35));
    });
    let fan = [(-16.0, -2.0), (-36.0, -4.0), (-37.0, 2.0), (-35.0, 7.0), (-15.0, 4.0)];
    scene.fill(&Shape::new().poly(&fan), Fill::round(-4.0, 7.0, wing));
    let body = Shape::new().limb(&[
        (-19.0, 1.0, 2.6),
        (-6.0, 0.8, 6.2),
        (7.0, 0.0, 7.2),
        (18.0, -3.0, 5.4),
        (21.0, -3.6, 5.2),
    ]);
    scene.fill(&body, Fill::down(-8.0, 8.0, back.lighter(0.2), back.darker(0.15)));
    scene.within(&body, |scene| {
        scene.fill(&Shape::new().oval((4.0, 7.0), (22.0, 6.0)), breast);
        scene.soft((2.0, 9.0), (22.0, 4.0), Ink::BLACK.alpha(0.3));
    });
    scene.fill(&Shape::new().poly(&[(25.0, -6.0), (34.0, -2.4), (25.0, -0.8)]), bill);
    bird_eye(scene, (22.0, -5.0), 1.2);
    let raised = Placement::at((7.0, -2.0));
    let tip = (-12.0, spread * lift * 1.1);
    scene.placed(raised, |scene| {
        let near = lifted_wing(tip, 15.0);
        let (end, root) = (wing.darker(0.45), wing.lighter(0.3));
        scene.fill(&near, Fill::Linear((0.0, 0.0), tip, root, end));
        let coverts = Shape::new().sweep(
            [(-8.0, 1.0), (-7.0, tip.1 * 0.25), (-3.0, tip.1 * 0.45), (0.0, tip.1 * 0.6)],
            [4.5, 3.5, 1.5],
        );
        scene.within(&near, |scene| scene.fill(&coverts, back.lighter(0.25).alpha(0.7)));
    });
}

/// A bird of prey that soars with spread wings, seen from below.
fn soaring(scene: &mut Scene, plumage: Plumage) {
    let Plumage { back, breast, wing, bill } = plumage;
    let fan = [(-3.0, 10.0), (-10.0, 25.0), (0.0, 28.0), (10.0, 25.0), (3.0, 10.0)];
    scene.fill(&Shape::new().poly(&fan), Fill::round(8.0, 28.0, wing.lighter(0.25)));
    let rise = scene.between(2.0, 14.0);
    for side in [-1.0, 1.0] {
        let at = |x: f32, y: f32| (x * side, y - rise * x / 44.0);
        let mut span = Shape::new().blob(&[
            at(0.0, -8.0),
            at(16.0, -13.0),
            at(32.0, -10.0),
            at(36.0, -3.0),
            at(30.0, 7.0),
            at(12.0, 9.0),
            at(0.0, 9.0),
        ]);
        for (x, y) in [(44.0, -9.0), (45.5, -4.0), (44.0, 1.0), (40.0, 6.0)] {
            let ((x0, y0), (x1, y1)) = (at(30.0, -5.0 + (y + 9.0) * 0.5), at(x, y));
            span = span.limb(&[(x0, y0, 2.0), (x1, y1, 0.8)]);
        }
        let shade = if side < 0.0 { wing.lighter(0.12) } else { wing.darker(0.18) };
        scene.fill(&span, Fill::Linear((0.0, 0.0), (42.0 * side, 0.0), shade, shade.darker(0.35)));
        let lining = Shape::new().sweep(
            [at(4.0, -5.0), at(14.0, -8.0), at(24.0, -8.0), at(33.0, -5.0)],
            [2.5, 2.2, 0.8],
        );
        scene.fill(&lining, breast.alpha(0.55));
    }
    let body = Shape::new().oval((0.0, 1.0), (5.2, 14.0)).disc((0.0, -14.0), 4.6);
    scene
        .fill(&body, Fill::Linear((-5.0, 0.0), (5.0, 0.0), breast.lighter(0.15), back.darker(0.2)));
    scene.fill(&Shape::new().poly(&[(-1.8, -17.5), (1.8, -17.5), (0.0, -22.5)]), bill.lighter(0.2));
}

/// A duck on the water. The surface is at y = 0.
fn duck(scene: &mut Scene, plumage: Plumage, water: Ink) {
    let Plumage { back, wing, .. } = plumage;
    let (head, bill) = (scene.ink(&[0x1f6b45, 0x6b4a32, 0xeeeae0, 0x26384f]), Ink::hex(0xe0a02e));
    scene.soft((0.0, 5.0), (32.0, 7.0), water.darker(0.6).alpha(0.8));
    let neck = Shape::new().limb(&[(15.0, -10.0, 7.0), (19.0, -20.0, 4.6), (21.0, -27.0, 6.6)]);
    let body = Shape::new().blob(&[
        (-36.0, -19.0),
        (-36.0, -19.0),
        (-20.0, -17.0),
        (4.0, -20.0),
        (22.0, -16.0),
        (26.0, -4.0),
        (16.0, 3.0),
        (-18.0, 3.0),
        (-30.0, -4.0),
    ]);
    scene.fill(&neck, Fill::round(-34.0, -6.0, head));
    scene.fill(&body, Fill::round(-20.0, 4.0, back.mix(Ink::hex(0xb0a490), 0.4)));
    scene.within(&body, |scene| scene.soft((23.0, -6.0), (12.0, 13.0), Ink::hex(0x6b3f2a)));
    scene.fill(&Shape::new().limb(&[(15.0, -16.5, 1.0), (22.5, -15.0, 1.0)]), Ink::hex(0xf4f2ea));
    let folded =
        [(10.0, -15.0), (4.0, -5.0), (-14.0, -4.0), (-32.0, -13.0), (-32.0, -13.0), (-8.0, -18.0)];
    scene.fill(&Shape::new().blob(&folded), Fill::round(-18.0, -3.0, wing));
    let beak = [(26.0, -29.0), (31.0, -26.0), (37.5, -25.0), (37.5, -22.5), (27.0, -22.5)];
    scene.fill(&Shape::new().blob(&beak), Fill::round(-29.0, -22.0, bill));
    bird_eye(scene, (22.5, -29.0), 1.3);
    let surface = Shape::new().oval((0.0, 3.0), (33.0, 2.2));
    scene.fill(&surface, water.darker(0.15));
    scene.fill(&Shape::new().oval((-6.0, 3.0), (24.0, 0.6)), water.lighter(0.6).alpha(0.7));
}

/// A heron or flamingo that stands on long legs, in profile.
fn wading(scene: &mut Scene) {
    let plume = scene.ink(&[0xe89aa0, 0x9aa6b4, 0xf4f2ec, 0xe8787a]);
    let (limb, bill) = (scene.ink(&[0x5a4a40, 0xd97a5a, 0x8a8a5a]), Ink::hex(0xd99a3a));
    shadow(scene, (2.0, 0.0), (18.0, 2.4));
    let legs = Shape::new()
        .limb(&[(-2.0, -34.0, 1.4), (-4.0, -18.0, 1.2), (-1.0, 0.0, 0.9), (4.0, 0.3, 0.8)])
        .limb(&[(3.0, -34.0, 1.4), (6.0, -18.0, 1.2), (5.0, 0.0, 0.9), (10.0, 0.3, 0.8)]);
    scene.fill(&legs, limb);
    let neck = Shape::new()
        .sweep([(11.0, -45.0), (30.0, -54.0), (2.0, -66.0), (15.0, -79.0)], [5.0, 2.4, 2.6]);
    let body = Shape::new().tilted((0.0, -42.0), (16.0, 10.0), -0.3).poly(&[
        (-8.0, -46.0),
        (-28.0, -33.0),
        (-6.0, -33.0),
    ]);
    scene.fill(&neck.and(&body).disc((15.5, -79.5), 4.4), Fill::round(-82.0, -30.0, plume));
    let folded =
        [(8.0, -48.0), (6.0, -36.0), (-12.0, -33.0), (-26.0, -31.0), (-26.0, -31.0), (-8.0, -48.0)];
    scene.fill(&Shape::new().blob(&folded), Fill::round(-50.0, -30.0, plume.darker(0.2)));
    let beak = Shape::new().poly(&[(18.0, -82.0), (36.0, -75.5), (18.0, -77.0)]);
    scene.fill(&beak, bill);
    scene.fill(&Shape::new().poly(&[(29.0, -78.0), (36.0, -75.5), (29.0, -76.2)]), Ink::DARK);
    bird_eye(scene, (16.5, -80.5), 1.1);
}
