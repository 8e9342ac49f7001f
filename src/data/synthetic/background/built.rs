//! Draws built backgrounds: streets, airfields and rooms.

use super::{EDGE, Ground, above, below, distance, ground, sky};
use crate::data::synthetic::brush::{Fill, Ink, Scene};
use crate::data::synthetic::shape::Shape;

/// A street in a town or a country road. Returns the y at which wheels touch the road.
pub fn street(scene: &mut Scene) -> f32 {
    let horizon = scene.between(34.0, 52.0);
    let air = sky(scene, horizon);
    let kerb = scene.between(60.0, 68.0).max(horizon + 8.0);
    if scene.chance(0.55) {
        houses(scene, kerb - 3.0);
        let pavement = scene.ink(&[0xa9a49c, 0xb8b2a6, 0x97958f]);
        scene.fill(&below(kerb - 4.0), pavement);
    } else {
        distance(scene, horizon, air);
        let kind = scene.pick(&[Ground::Grass, Ground::Straw, Ground::Snow, Ground::Sand]);
        ground(scene, horizon, kind);
    }
    ground(scene, kerb, Ground::Asphalt);
    let paint = Ink::hex(0xe8e4d2).alpha(0.75);
    scene.fill(&Shape::new().rect((0.0, kerb), (EDGE, 0.9)), paint.darker(0.2));
    if scene.chance(0.6) {
        let (y, start) = (scene.between(90.0, 94.0), scene.between(-20.0, 0.0));
        for dash in 0..5 {
            let x = start + 28.0 * dash as f32;
            scene.fill(&Shape::new().rect((x, y), (15.0, 1.4)), paint);
        }
    }
    scene.between(80.0, 87.0).max(kerb + 10.0)
}

/// A row of houses that stand at y = `foot`.
fn houses(scene: &mut Scene, foot: f32) {
    let mut x = scene.between(-20.0, 0.0);
    while x < EDGE {
        let (width, height) = (scene.between(18.0, 36.0), scene.between(28.0, foot));
        let wall = scene.ink(&[0xb08d78, 0x9a9a98, 0xc9b79a, 0x8a6a5c, 0xa9b0b5, 0xd4cabb]);
        let front = Shape::new().rect((x, foot - height), (width, height));
        scene.fill(&front, Fill::down(foot - height, foot, wall, wall.darker(0.25)));
        let pane = scene.ink(&[0x4d5c69, 0x6a7f8f, 0x39434c]);
        let mut panes = Shape::new();
        let (mut column, pitch) = (x + 3.0, scene.between(6.0, 9.0));
        while column + 4.0 < x + width {
            let mut row = foot - height + 4.0;
            while row + 8.0 < foot {
                panes = panes.rect((column, row), (3.4, 5.0));
                row += pitch + 2.0;
            }
            column += pitch;
        }
        scene.fill(&panes, pane.alpha(0.85));
        x += width;
    }
}

/// An airfield. Returns the y at which wheels touch the runway.
pub fn airfield(scene: &mut Scene) -> f32 {
    let horizon = scene.between(46.0, 60.0);
    let air = sky(scene, horizon);
    distance(scene, horizon, air);
    let verge = scene.pick(&[Ground::Grass, Ground::Grass, Ground::Straw, Ground::Snow]);
    ground(scene, horizon, verge);
    let near = scene.between(66.0, 70.0);
    ground(scene, near, Ground::Asphalt);
    let paint = Ink::hex(0xe8e4d2).alpha(0.7);
    scene.fill(&Shape::new().rect((0.0, near + 2.0), (EDGE, 0.8)), paint);
    scene.between(76.0, 84.0)
}

/// A room in a home. Returns the y at which a subject sits.
pub fn room(scene: &mut Scene) -> f32 {
    let skirting = scene.between(52.0, 68.0);
    let wall = scene.ink(&[0xd8cbb5, 0xb9c4c4, 0xc9a98f, 0x9fae98, 0xa89aa8, 0xe2ddd2, 0x8c9aa8]);
    let across = scene.between(0.0, EDGE);
    let lit = Fill::Radial((across, 10.0), 110.0, wall.lighter(0.2), wall.darker(0.4));
    scene.fill(&above(skirting), lit);
    scene.mottle((0.0, skirting), (16.0, 16.0), 0.05);
    if scene.chance(0.5) {
        window(scene);
    }
    let floor = scene.ink(&[0x9a7048, 0xb38a5c, 0x7a5a45, 0xa39a8f, 0x8a4f48, 0x6a7480]);
    scene.fill(&below(skirting), Fill::down(skirting, EDGE, floor.darker(0.15), floor));
    scene.mottle((skirting, EDGE), (10.0, 1.5), 0.07);
    scene.fill(&Shape::new().rect((0.0, skirting - 3.0), (EDGE, 3.0)), wall.lighter(0.45));
    if scene.chance(0.4) {
        let cloth = scene.ink(&[0x7a4a52, 0x4f6a80, 0x8a8f6a, 0xb0a69a, 0x5f5470]);
        let back = Shape::new().rounded((-10.0, skirting - 24.0), (116.0, 34.0), 8.0);
        scene.fill(&back, Fill::round(skirting - 24.0, skirting + 12.0, cloth));
        let seat = Shape::new().rounded((-10.0, skirting + 4.0), (116.0, 50.0), 7.0);
        scene.fill(&seat, Fill::round(skirting + 2.0, EDGE + 10.0, cloth.lighter(0.08)));
    }
    scene.between(84.0, 91.0)
}

fn window(scene: &mut Scene) {
    let left = scene.pick(&[-6.0, 4.0, 60.0, 70.0]);
    let frame = scene.ink(&[0xf0ece4, 0x8a7358]);
    let light = scene.ink(&[0xcfe3f0, 0xe8efe0, 0xbcd6b4]);
    scene.fill(&Shape::new().rect((left, 2.0), (32.0, 36.0)), frame);
    for pane in 0..4 {
        let corner = (left + 2.0 + 15.0 * (pane % 2) as f32, 4.0 + 17.0 * (pane / 2) as f32);
        let glass = Shape::new().rect(corner, (13.0, 15.0));
        scene.fill(&glass, Fill::down(2.0, 38.0, light, light.darker(0.15)));
    }
}
