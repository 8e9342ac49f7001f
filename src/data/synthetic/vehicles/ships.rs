//! Draws ships: container ships, cruise ships, sailing boats and fishing boats.

use super::{METAL, PANE};
use crate::data::synthetic::background::{self};
use crate::data::synthetic::brush::{Fill, Ink, SIDE, Scene};
use crate::data::synthetic::shape::{At, Placement, Shape};

/// A container ship, a cruise ship, a sailing boat or a fishing boat at sea.
pub fn ship(scene: &mut Scene) {
    let (horizon, water) = background::sea(scene);
    let line = scene.between(horizon + 8.0, 80.0).max(66.0);
    let view = scene.pick(&[freighter, liner, sailboat, sailboat, trawler, freighter]);
    let place = Placement::at((scene.between(42.0, 54.0), line))
        .scale(scene.between(0.76, 1.0))
        .slope(scene.between(-0.04, 0.04))
        .mirror(scene.chance(0.5));
    scene.placed(place, |scene| {
        // The dark reflection in the water is painted first, below the ship.
        scene.soft((0.0, 5.0), (44.0, 9.0), water.darker(0.7).alpha(0.7));
        view(scene);
        let mut wake = Shape::new();
        for _ in 0..16 {
            let at = (scene.between(-46.0, 46.0), scene.between(0.5, 4.0));
            wake = wake.oval(at, (scene.between(3.0, 8.0), 0.7));
        }
        scene.fill(&Shape::new().oval((0.0, 2.4), (45.0, 2.3)), water.darker(0.25).alpha(0.85));
        scene.fill(&wake, water.lighter(0.6).alpha(0.6));
    });
    background::ripples(scene, (line + 4.0, SIDE as f32), water.lighter(0.5));
}

/// A hull with its bow at the right and its deck at y = `deck`. Returns its outline.
fn hull(scene: &mut Scene, deck: f32, (stern, bow): At, paint: Ink) -> Shape {
    let outline = Shape::new().blob(&[
        (stern, deck),
        (stern, deck),
        (bow - 10.0, deck),
        (bow - 6.0, deck - 0.5),
        (bow, deck - 3.5),
        (bow, deck - 3.5),
        (bow - 7.0, 3.0),
        (bow - 7.0, 3.0),
        (stern + 4.0, 3.0),
        (stern + 1.0, 2.0),
    ]);
    scene.fill(&outline, Fill::round(deck - 3.0, 4.0, paint));
    outline
}

/// A container ship.
fn freighter(scene: &mut Scene) {
    let paint = scene.ink(&[0x1f3a5f, 0x7a2420, 0x2f5f4a, 0x26282c, 0x3f6f9f]);
    let house = scene.ink(&[0xf2f0ea, 0xe4dfd0]);
    let bridge = Shape::new().rect((-38.0, -33.0), (11.0, 22.0)).rect((-39.5, -31.0), (14.0, 3.0));
    scene.fill(&bridge, Fill::Linear((-38.0, 0.0), (-26.0, 0.0), house, house.darker(0.25)));
    scene.fill(&Shape::new().rect((-37.0, -30.3), (10.0, 1.6)), PANE);
    let funnel = scene.ink(&[0xd2782a, 0xb8232a, 0x1f4f9a]);
    scene.fill(&Shape::new().rect((-44.0, -27.0), (5.0, 16.0)), funnel);
    scene.fill(&Shape::new().rect((-44.0, -27.0), (5.0, 3.0)), Ink::DARK);
    let tiers = scene.count(2, 4);
    for column in 0..7 {
        let short = scene.count(0, 1);
        for tier in 0..tiers.saturating_sub(short) {
            let ink = scene.ink(&[0xb0392f, 0x2f6f9f, 0xd9a23a, 0x4f8a5f, 0xc9c6bc, 0x8a5a3a]);
            let corner = (-22.0 + 8.0 * column as f32, -14.5 - 4.6 * (tier + 1) as f32 + 3.0);
            let container = Shape::new().rect(corner, (7.5, 4.2));
            scene.fill(&container, Fill::down(corner.1, corner.1 + 6.0, ink, ink.darker(0.3)));
        }
    }
    let outline = hull(scene, -12.0, (-46.0, 47.0), paint);
    scene.within(&outline, |scene| {
        scene.fill(&Shape::new().rect((-50.0, -1.5), (100.0, 6.0)), Ink::hex(0x8a2a26));
        scene.fill(&Shape::new().rect((-50.0, -11.5), (100.0, 1.0)), Ink::WHITE.alpha(0.5));
    });
    scene.fill(&Shape::new().rect((36.0, -27.0), (0.9, 14.0)), METAL);
}

/// A cruise ship.
fn liner(scene: &mut Scene) {
    let white = scene.ink(&[0xf4f4f0, 0xeceff1]);
    let funnel = scene.ink(&[0xb8232a, 0x1f4f9a, 0xe0a02e, 0x26384f]);
    let stack = Shape::new().poly(&[(-16.0, -30.0), (-4.0, -30.0), (-8.0, -44.0), (-17.0, -44.0)]);
    scene.fill(&stack, Fill::Linear((-17.0, 0.0), (-4.0, 0.0), funnel, funnel.darker(0.35)));
    scene.fill(&Shape::new().rect((18.0, -44.0), (1.0, 16.0)), METAL.darker(0.2));
    for (deck, (left, right)) in
        [(-36.0, 22.0), (-40.0, 28.0), (-43.0, 33.0)].into_iter().enumerate()
    {
        let y = -32.0 + 6.0 * deck as f32;
        let level = Shape::new().rounded((left, y), (right - left, 7.5), 1.2);
        scene.fill(&level, Fill::down(y, y + 8.0, white, white.darker(0.16)));
        let mut windows = Shape::new();
        let mut x = left + 2.0;
        while x + 2.5 < right {
            windows = windows.rect((x, y + 2.0), (1.8, 2.0));
            x += 3.2;
        }
        scene.fill(&windows, PANE.alpha(0.85));
    }
    let paint = if scene.chance(0.6) { white } else { scene.ink(&[0x1f3a5f, 0x26282c]) };
    let outline = hull(scene, -14.0, (-46.0, 47.0), paint);
    scene.within(&outline, |scene| {
        scene.fill(&Shape::new().rect((-50.0, -9.0), (100.0, 1.6)), funnel);
        scene.fill(&Shape::new().rect((-50.0, -0.8), (100.0, 6.0)), Ink::hex(0x26384f));
    });
    let portholes =
        (0..20).fold(Shape::new(), |row, i| row.disc((-40.0 + 4.0 * i as f32, -5.2), 0.75));
    scene.fill(&portholes, PANE.alpha(0.8));
}

fn sailboat(scene: &mut Scene) {
    let cloth = scene.ink(&[0xf6f4ec, 0xf6f4ec, 0xf0e6cf, 0xb8443a, 0xe0b85a, 0x4f7fa9]);
    let mast = Ink::hex(0x6b5038);
    scene.fill(&Shape::new().rect((-0.7, -66.0), (1.4, 60.0)), mast);
    let full = scene.between(0.0, 6.0);
    let main = Shape::new().blob(&[
        (-1.6, -64.0),
        (-1.6, -64.0),
        (-16.0 - full, -34.0),
        (-29.0, -13.0),
        (-29.0, -13.0),
        (-1.6, -11.0),
        (-1.6, -11.0),
    ]);
    scene.fill(
        &main,
        Fill::Linear((-28.0, 0.0), (0.0, -30.0), cloth.darker(0.22), cloth.lighter(0.3)),
    );
    let jib = Shape::new().blob(&[
        (1.6, -58.0),
        (1.6, -58.0),
        (18.0 + full * 0.5, -32.0),
        (29.0, -11.0),
        (29.0, -11.0),
        (2.5, -13.0),
        (2.5, -13.0),
    ]);
    let fore = if scene.chance(0.3) { scene.ink(&[0xb8443a, 0xe0902e, 0x2f6f9f]) } else { cloth };
    scene.fill(
        &jib,
        Fill::Linear((0.0, -30.0), (26.0, -10.0), fore.lighter(0.2), fore.darker(0.25)),
    );
    let seams = [-50.0, -38.0, -26.0]
        .into_iter()
        .fold(Shape::new(), |seams, y| seams.rect((-26.0, y), (24.5, 0.5)));
    scene.within(&main, |scene| scene.fill(&seams, Ink::BLACK.alpha(0.2)));
    let paint = scene.ink(&[0xf2f0ea, 0x7a3f2a, 0x1f3a5f, 0x2f5f4a, 0xa02a26]);
    scene.fill(&Shape::new().rounded((-12.0, -11.5), (18.0, 6.0), 2.0), paint.lighter(0.4));
    let outline = hull(scene, -7.0, (-30.0, 34.0), paint);
    scene.within(&outline, |scene| {
        scene.fill(&Shape::new().rect((-40.0, -6.8), (80.0, 1.0)), mast.lighter(0.3));
    });
}

/// A fishing boat.
fn trawler(scene: &mut Scene) {
    let paint = scene.ink(&[0x1f4f8a, 0xa02a26, 0x2f6f4f, 0x26282c, 0xe8e4d8]);
    let house = scene.ink(&[0xf2f0ea, 0xe9dcc0, 0xd0d8da]);
    let rig = Shape::new()
        .rect((-18.8, -52.0), (1.6, 40.0))
        .limb(&[(-18.0, -20.0, 0.6), (-37.0, -44.0, 0.5)])
        .limb(&[(-18.0, -50.0, 0.3), (-38.0, -43.0, 0.3)])
        .limb(&[(-18.0, -50.0, 0.3), (36.0, -18.0, 0.3)]);
    scene.fill(&rig, Ink::hex(0x4f463e));
    let wheelhouse = Shape::new().rounded((-6.0, -28.0), (24.0, 18.0), 1.5).rounded(
        (-1.0, -39.0),
        (15.0, 12.0),
        1.5,
    );
    scene.fill(&wheelhouse, Fill::down(-39.0, -10.0, house.lighter(0.2), house.darker(0.22)));
    let roof = Shape::new().rect((-2.5, -40.5), (18.0, 2.4)).rect((-7.5, -29.0), (27.0, 1.8));
    scene.fill(&roof, paint.lighter(0.1));
    let panes =
        [(1.0, -36.5), (6.0, -36.5), (10.5, -36.5), (-2.5, -24.0), (4.0, -24.0), (10.5, -24.0)];
    let windows =
        panes.into_iter().fold(Shape::new(), |windows, at| windows.rounded(at, (3.4, 4.6), 0.8));
    scene.fill(&windows, PANE);
    let stern_gear = scene.ink(&[0xe0902e, 0x3f9f7f, 0xc9b27a]);
    scene.fill(
        &Shape::new().blob(&[(-33.0, -12.0), (-30.0, -22.0), (-20.0, -20.0), (-18.0, -11.0)]),
        stern_gear,
    );
    let outline = hull(scene, -14.0, (-38.0, 43.0), paint);
    scene.within(&outline, |scene| {
        scene.fill(&Shape::new().rect((-46.0, -13.5), (100.0, 1.8)), Ink::WHITE.alpha(0.75));
        scene.fill(&Shape::new().rect((-46.0, -1.0), (100.0, 6.0)), Ink::hex(0x7a2a22));
    });
}
