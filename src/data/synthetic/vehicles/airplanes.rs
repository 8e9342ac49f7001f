//! Draws airplanes: an airliner, a light plane, an airliner from the front, and planes from above or
//! below.

use super::{METAL, PANE, TYRE};
use crate::data::synthetic::background::{self, Ground, shadow};
use crate::data::synthetic::brush::{Fill, Ink, SIDE, Scene};
use crate::data::synthetic::shape::{At, Placement, Shape};

/// An airplane in the air or on a runway, with its background.
pub fn airplane(scene: &mut Scene) {
    let mirrored = scene.chance(0.5);
    let skins = [0xf1f2f2, 0xf1f2f2, 0xdfe3e6, 0xc4cad0, 0x9fa8b0, 0xd9d2c0];
    let skin = scene.ink(&skins);
    let livery = scene.ink(&[0xb8232a, 0x1f4f9a, 0x1f3a5f, 0x2f7a5a, 0xe08a2a, 0x6a2f6f, 0x3f9fc4]);
    if scene.chance(0.28) {
        let wheels = background::airfield(scene);
        let view = scene.pick(&[airliner, light_plane, head_on]);
        let place = Placement::at((scene.between(44.0, 52.0), wheels))
            .scale(scene.between(0.85, 1.1))
            .mirror(mirrored);
        scene.placed(place, |scene| {
            shadow(scene, (0.0, 0.0), (40.0, 3.0));
            view(scene, skin, livery, true);
        });
        return;
    }
    let low = scene.chance(0.2);
    if low {
        background::field(scene, &[Ground::Grass, Ground::Sand]);
    } else {
        background::sky(scene, SIDE as f32);
    }
    let height = if low { (26.0, 38.0) } else { (40.0, 58.0) };
    let middle = (scene.between(40.0, 56.0), scene.between(height.0, height.1));
    let scale = if low { (0.6, 0.8) } else { (0.75, 1.12) };
    let place = Placement::at(middle).scale(scene.between(scale.0, scale.1)).mirror(mirrored);
    if scene.chance(0.4) {
        // Seen obliquely from below or above: the plan view, rotated and then foreshortened.
        let place = place.stretch(1.0, scene.between(0.55, 1.0));
        let heading = Placement::at((0.0, 0.0)).slope(scene.between(-0.4, 2.6));
        scene.placed(place, |scene| scene.placed(heading, |scene| plan(scene, skin, livery)));
    } else {
        let view = scene.pick(&[airliner, airliner, light_plane, head_on]);
        let place = place.slope(scene.between(-0.35, 0.12));
        scene.placed(place, |scene| {
            let lift = Placement::at((0.0, 12.0));
            scene.placed(lift, |scene| view(scene, skin, livery, false));
        });
    }
}

/// An airliner from the side, nose to the right. If `landed`, its wheels are out and stand at y = 0.
fn airliner(scene: &mut Scene, skin: Ink, livery: Ink, landed: bool) {
    let wing = skin.darker(0.12);
    let far_wing = [(10.0, -17.0), (0.0, -17.0), (-12.0, -25.0), (-8.0, -25.0)];
    scene.fill(&Shape::new().poly(&far_wing), wing.darker(0.2));
    let fin = [(-38.0, -16.0), (-24.0, -17.0), (-33.5, -34.0), (-40.0, -34.0)];
    scene.fill(&Shape::new().poly(&fin), Fill::round(-34.0, -14.0, livery));
    let tube = Shape::new().limb(&[
        (-41.0, -17.0, 1.0),
        (-26.0, -15.0, 4.2),
        (-16.0, -14.5, 5.0),
        (28.0, -14.5, 5.0),
        (36.0, -13.8, 3.8),
        (40.0, -13.0, 2.0),
    ]);
    scene.fill(&tube, Fill::down(-20.0, -9.0, skin.lighter(0.4), skin.darker(0.35)));
    let stripe = scene.chance(0.6);
    scene.within(&tube, |scene| {
        if stripe {
            scene.fill(&Shape::new().rect((-46.0, -13.0), (90.0, 1.7)), livery);
        }
        let tail = [(-46.0, -24.0), (-26.0, -24.0), (-34.0, -8.0), (-46.0, -8.0)];
        scene.fill(&Shape::new().poly(&tail), livery.alpha(0.9));
        let nose = Shape::new().poly(&[(34.0, -17.0), (39.0, -17.0), (40.0, -14.3), (34.5, -14.3)]);
        scene.fill(&nose, PANE);
    });
    let windows = (0..18)
        .fold(Shape::new(), |row, i| row.rounded((-24.0 + 3.0 * i as f32, -16.4), (1.3, 1.8), 0.5));
    scene.fill(&windows, PANE);
    let stabilizer = [(-38.0, -16.0), (-29.0, -15.5), (-40.0, -11.0), (-44.0, -11.0)];
    scene.fill(&Shape::new().poly(&stabilizer), wing.darker(0.25));
    if landed {
        for x in [-3.0, 1.0, 30.0] {
            scene.fill(&Shape::new().rect((x - 0.6, -10.0), (1.2, 8.0)), METAL.darker(0.4));
            scene.fill(&Shape::new().disc((x, -2.0), 2.0), TYRE);
        }
    }
    let near_wing = [(11.0, -12.0), (-5.0, -12.0), (-23.0, -1.5), (-17.0, -1.5)];
    let engine = Shape::new().limb(&[(-3.0, -5.5, 1.8), (2.0, -6.0, 2.9), (6.0, -6.0, 2.6)]);
    scene.fill(&engine, Fill::down(-9.0, -3.0, skin, skin.darker(0.5)));
    scene.fill(&Shape::new().oval((8.0, -6.0), (0.9, 2.5)), PANE);
    scene.fill(
        &Shape::new().poly(&near_wing),
        Fill::down(-13.0, -1.0, wing.darker(0.05), wing.darker(0.42)),
    );
}

/// A small propeller plane from the side, nose to the right. Its wheels are always out.
fn light_plane(scene: &mut Scene, skin: Ink, livery: Ink, _landed: bool) {
    let body = if scene.chance(0.5) { livery } else { skin };
    let trim = if scene.chance(0.5) { skin } else { livery.darker(0.2) };
    let far_wing = [(10.0, -17.0), (-2.0, -17.0), (-9.0, -24.0), (1.0, -24.0)];
    scene.fill(&Shape::new().poly(&far_wing), trim.darker(0.35));
    let fin = [(-37.0, -15.0), (-26.0, -15.0), (-34.0, -30.0), (-40.0, -30.0)];
    scene.fill(&Shape::new().poly(&fin), Fill::round(-30.0, -12.0, trim));
    let hull = Shape::new().blob(&[
        (-40.0, -17.0),
        (-40.0, -15.0),
        (-10.0, -8.0),
        (20.0, -7.5),
        (30.0, -9.0),
        (31.0, -14.0),
        (28.0, -18.0),
        (19.0, -19.0),
        (19.0, -19.0),
        (12.0, -27.0),
        (-2.0, -27.0),
        (-14.0, -18.5),
    ]);
    scene.fill(&hull, Fill::round(-26.0, -6.0, body));
    let cabin = Shape::new()
        .poly(&[(-6.0, -19.5), (-2.5, -24.0), (4.0, -24.0), (4.0, -19.5)])
        .poly(&[(5.5, -19.5), (5.5, -24.0), (11.5, -24.0), (15.0, -19.5)]);
    scene.fill(&cabin, Fill::down(-24.0, -19.0, Ink::hex(0xb4cad6), PANE));
    scene.within(&hull, |scene| {
        let stripe = [(-40.0, -16.5), (32.0, -14.5), (32.0, -12.0), (-40.0, -15.0)];
        scene.fill(&Shape::new().poly(&stripe), trim);
    });
    let tailplane =
        Shape::new().poly(&[(-39.0, -16.0), (-29.0, -16.0), (-33.0, -12.5), (-42.0, -12.5)]);
    scene.fill(&tailplane, trim.darker(0.25));
    let legs = Shape::new()
        .limb(&[(8.0, -10.0, 0.8), (5.0, -2.5, 0.7)])
        .limb(&[(25.0, -9.0, 0.7), (26.0, -2.5, 0.6)]);
    scene.fill(&legs, METAL.darker(0.4));
    scene.fill(&Shape::new().disc((5.0, -2.4), 2.4).disc((26.0, -2.2), 2.1), TYRE);
    let wing = [(13.0, -10.5), (-4.0, -10.5), (-17.0, -3.0), (-3.0, -3.0)];
    let shade = Fill::down(-11.0, -2.0, trim.lighter(0.1), trim.darker(0.35));
    scene.fill(&Shape::new().poly(&wing), shade);
    let sweep = Shape::new().oval((33.5, -13.0), (1.4, 13.0));
    scene.fill(&sweep, Ink::DARK.alpha(0.45));
    scene.fill(&Shape::new().limb(&[(31.0, -13.0, 2.0), (34.5, -13.0, 0.9)]), METAL);
}

/// An airliner from the front.
fn head_on(scene: &mut Scene, skin: Ink, livery: Ink, landed: bool) {
    let fin = Shape::new().poly(&[(-1.4, -26.0), (1.4, -26.0), (0.9, -46.0), (-0.9, -46.0)]);
    scene.fill(&fin, livery);
    let tailplane = Shape::new().poly(&[(-15.0, -31.0), (0.0, -28.0), (15.0, -31.0), (0.0, -26.0)]);
    scene.fill(&tailplane, skin.darker(0.3));
    if landed {
        let struts = Shape::new()
            .rect((-0.7, -10.0), (1.4, 8.0))
            .rect((-10.7, -12.0), (1.4, 10.0))
            .rect((9.3, -12.0), (1.4, 10.0));
        scene.fill(&struts, METAL.darker(0.35));
        let wheels = [-11.5, -8.5, -1.0, 1.0, 8.5, 11.5];
        let tyres = wheels
            .iter()
            .fold(Shape::new(), |tyres, x| tyres.rounded((x - 1.1, -4.2), (2.2, 4.2), 0.8));
        scene.fill(&tyres, TYRE);
    }
    for side in [-1.0, 1.0] {
        let wing = Shape::new().poly(&[
            (5.0 * side, -18.0),
            (44.0 * side, -24.0),
            (44.0 * side, -22.8),
            (5.0 * side, -13.0),
        ]);
        scene.fill(&wing, Fill::down(-24.0, -13.0, skin, skin.darker(0.4)));
        let engine = (19.0 * side, -13.5);
        scene.fill(&Shape::new().disc(engine, 4.8), Fill::round(-18.0, -9.0, skin));
        scene.fill(&Shape::new().disc(engine, 3.7), PANE.darker(0.3));
        scene.fill(&Shape::new().disc(engine, 1.2), METAL);
    }
    let nose = Shape::new().disc((0.0, -19.0), 9.0);
    let light = Fill::Radial((-2.5, -23.0), 13.0, skin.lighter(0.5), skin.darker(0.4));
    scene.fill(&nose, light);
    scene.within(&nose, |scene| {
        let band = Shape::new().poly(&[(-6.5, -24.5), (6.5, -24.5), (7.5, -21.0), (-7.5, -21.0)]);
        scene.fill(&band, PANE);
        scene.fill(&Shape::new().rect((-0.4, -25.0), (0.8, 5.0)), skin);
        scene.fill(&Shape::new().rect((-10.0, -16.5), (20.0, 1.6)), livery);
    });
}

/// A plane seen vertically from above or below, nose up: an airliner or a fighter.
fn plan(scene: &mut Scene, skin: Ink, livery: Ink) {
    let fighter = scene.chance(0.3);
    let (tip, root) = if fighter { (24.0, 22.0) } else { (39.0, 15.0) };
    for side in [-1.0, 1.0] {
        let wing = Shape::new().poly(&[
            (2.0 * side, -11.0),
            (tip * side, 13.0),
            (tip * side, 17.5),
            (2.0 * side, root - 6.0),
        ]);
        let shade = if side < 0.0 { skin.darker(0.08) } else { skin.darker(0.34) };
        scene.fill(&wing, shade);
        let tail = Shape::new().poly(&[
            (1.0 * side, 25.0),
            (14.0 * side, 34.0),
            (14.0 * side, 37.5),
            (1.0 * side, 35.0),
        ]);
        scene.fill(&tail, shade.mix(livery, 0.6));
        if !fighter {
            let pods: &[At] =
                if scene.chance(0.4) { &[(13.0, -2.0), (24.0, 5.0)] } else { &[(14.0, -1.0)] };
            for &(x, y) in pods {
                let pod = Shape::new().limb(&[(x * side, y - 3.5, 2.2), (x * side, y + 4.0, 1.6)]);
                scene.fill(&pod, skin.darker(0.45));
            }
        }
    }
    let tube = Shape::new().limb(&[
        (0.0, -39.0, 0.8),
        (0.0, -34.0, 3.0),
        (0.0, -26.0, 4.3),
        (0.0, 16.0, 4.3),
        (0.0, 38.0, 1.0),
    ]);
    let round = Fill::Linear((-4.5, 0.0), (4.5, 0.0), skin.lighter(0.4), skin.darker(0.3));
    scene.fill(&tube, round);
    scene.fill(&Shape::new().poly(&[(-0.9, 20.0), (0.9, 20.0), (0.7, 39.0), (-0.7, 39.0)]), livery);
    if fighter {
        scene.fill(&Shape::new().oval((0.0, -22.0), (2.2, 6.5)), PANE);
    } else {
        scene.fill(
            &Shape::new().poly(&[(-2.6, -33.0), (2.6, -33.0), (3.2, -30.5), (-3.2, -30.5)]),
            PANE,
        );
    }
}
