//! Draws trucks: from the side, with one of several loads, and from the front.

use super::{LAMP, PAINTS, TAIL_LAMP, TYRE, glass, wheel};
use crate::data::synthetic::background::{self, shadow};
use crate::data::synthetic::brush::{Fill, Ink, Scene};
use crate::data::synthetic::shape::{At, Placement, Shape};

const AMBER: Ink = Ink::hex(0xf2_9a2e);

/// Paints what a truck carries behind its cab.
type Load = fn(&mut Scene);

/// A truck on a street, from the side with one of several loads, or from the front.
pub fn truck(scene: &mut Scene) {
    let ground = background::street(scene);
    let paint = scene.ink(PAINTS);
    let head_on = scene.chance(0.25);
    let view = if head_on { truck_front } else { truck_side };
    let scale = if head_on { (0.92, 1.15) } else { (0.9, 1.08) };
    let place = Placement::at((scene.between(44.0, 52.0), ground))
        .scale(scene.between(scale.0, scale.1))
        .slope(scene.between(-0.025, 0.025))
        .mirror(scene.chance(0.5));
    scene.placed(place, |scene| view(scene, paint));
}

fn truck_side(scene: &mut Scene, paint: Ink) {
    shadow(scene, (0.0, -0.5), (49.0, 4.5));
    scene.fill(&Shape::new().rect((-43.0, -11.0), (82.0, 4.0)), Ink::hex(0x2c2c30));
    let paint = if scene.chance(0.15) {
        let red = scene.ink(&[0xc4221f]);
        fire_engine(scene, red);
        red
    } else {
        let load: Load = scene.pick(&[box_body, box_body, box_body, tank, tipper, logs]);
        load(scene);
        paint
    };
    let bonnet = scene.chance(0.5);
    cab(scene, paint, bonnet);
    for x in [-37.0, -25.0, 30.0] {
        scene.fill(&Shape::new().disc((x, -6.6), 7.8), TYRE.alpha(0.6));
        wheel(scene, x, 6.6);
    }
    if bonnet {
        wheel(scene, 8.0, 6.6);
    }
}

/// The driver's cab, with a bonnet or a flat front.
fn cab(scene: &mut Scene, paint: Ink, bonnet: bool) {
    let roof = scene.between(-43.0, -37.0);
    let body = if bonnet {
        Shape::new().rounded((13.0, roof), (16.0, -roof - 7.0), 2.5).blob(&[
            (20.0, -7.0),
            (20.0, -7.0),
            (20.0, roof + 3.0),
            (26.0, roof + 1.0),
            (30.5, -27.0),
            (30.5, -27.0),
            (42.0, -25.5),
            (42.5, -20.0),
            (42.0, -7.0),
            (42.0, -7.0),
        ])
    } else {
        Shape::new().blob(&[
            (14.0, -7.0),
            (14.0, -7.0),
            (14.0, roof),
            (16.0, roof - 1.5),
            (33.0, roof - 1.0),
            (36.5, roof + 1.0),
            (41.0, -22.0),
            (41.0, -7.0),
            (41.0, -7.0),
        ])
    };
    if scene.chance(0.6) {
        let stack = Shape::new().rounded((10.6, roof - 6.0), (2.2, 34.0), 1.0);
        let (lit, dim) = (Ink::hex(0xe4e6e8), Ink::hex(0x7c7f84));
        scene.fill(&stack, Fill::Linear((10.6, 0.0), (12.8, 0.0), lit, dim));
    }
    scene.fill(&body, Fill::round(roof, -5.0, paint));
    let slant = if bonnet { 28.0 } else { 35.0 };
    let pane = Shape::new().poly(&[
        (slant - 10.0, roof + 4.0),
        (slant - 1.0, roof + 4.0),
        (slant + 1.6, -26.5),
        (slant - 10.0, -26.5),
    ]);
    scene.fill(&pane, glass(roof + 4.0, -25.0));
    let door = Shape::new()
        .rect((slant - 12.6, roof + 3.0), (0.8, -roof - 12.0))
        .rect((slant - 9.6, -23.0), (3.6, 1.1));
    scene.fill(&door, paint.darker(0.5).alpha(0.7));
    scene.fill(&Shape::new().rounded((36.5, -18.0), (5.0, 4.0), 1.2), LAMP);
    scene.fill(&Shape::new().rounded((33.0, -10.5), (10.0, 4.0), 1.2), Ink::hex(0xc9ccd0));
    scene.fill(&Shape::new().rounded((14.0, -12.0), (9.0, 5.0), 1.5), Ink::hex(0xb4b8bc));
    scene.fill(&Shape::new().disc((24.0, roof - 0.5), 1.0), AMBER);
}

fn box_body(scene: &mut Scene) {
    let top = scene.between(-53.0, -44.0);
    let side = scene
        .ink(&[0xf0efe9, 0xe3e6e8, 0xf0efe9, 0xc9b27a, 0x2f5f9f, 0xb03a34, 0x4f8a5a, 0xe0b040]);
    let body = Shape::new().rounded((-45.0, top), (56.0, -11.0 - top), 1.2);
    scene.fill(&body, Fill::down(top, -10.0, side.lighter(0.15), side.darker(0.25)));
    if scene.chance(0.6) {
        let mark = scene.ink(&[0xb03a34, 0x2f5f9f, 0x3f8f5a, 0xe0902e, 0x3a3c42]);
        let height = (-11.0 - top) * scene.between(0.15, 0.3);
        let y = top + (-11.0 - top) * scene.between(0.2, 0.5);
        scene.fill(&Shape::new().rect((-45.0, y), (56.0, height)), mark);
    }
    let mut ribs = Shape::new();
    for rib in 0..7 {
        ribs = ribs.rect((-37.0 + 8.0 * rib as f32, top + 1.0), (0.5, -13.0 - top));
    }
    scene.fill(&ribs, Ink::BLACK.alpha(0.16));
    scene.fill(&Shape::new().rect((-45.0, -13.0), (56.0, 2.0)), Ink::hex(0x5a5c60));
}

fn tank(scene: &mut Scene) {
    let shell = scene.ink(&[0xd0d4d8, 0xe9e9e4, 0xb9c2c9, 0xd9b23a]);
    let barrel = Shape::new().rounded((-46.0, -38.0), (56.0, 26.0), 9.0);
    scene.fill(&barrel, Fill::down(-38.0, -10.0, shell.lighter(0.5), shell.darker(0.5)));
    let mut bands = Shape::new().rounded((-22.0, -41.0), (9.0, 4.0), 1.0);
    for x in [-33.0, -18.0, -3.0] {
        bands = bands.rect((x, -38.0), (0.9, 26.0));
    }
    scene.fill(&bands, shell.darker(0.45));
    scene.fill(&Shape::new().rect((-43.0, -26.5), (50.0, 2.6)), TAIL_LAMP.alpha(0.8));
}

fn tipper(scene: &mut Scene) {
    let earth = scene.ink(&[0x7a5f42, 0xa08a68, 0x6b6b6b]);
    let heap = [(-44.0, -30.0), (-34.0, -43.0), (-16.0, -46.0), (2.0, -41.0), (11.0, -30.0)];
    scene.fill(&Shape::new().blob(&heap), Fill::round(-44.0, -30.0, earth));
    let steel = scene.ink(&[0xe0a92e, 0xb8532a, 0x7f858c, 0x3f6f4f]);
    let bed = Shape::new().poly(&[(-46.0, -34.0), (11.0, -35.0), (8.0, -12.0), (-40.0, -12.0)]);
    scene.fill(&bed, Fill::round(-36.0, -10.0, steel));
    let mut ribs = Shape::new().poly(&[(8.0, -40.0), (22.0, -46.0), (22.0, -44.5), (10.0, -36.0)]);
    for rib in 0..5 {
        ribs = ribs.rect((-36.0 + 10.0 * rib as f32, -34.0), (1.6, 21.0));
    }
    scene.fill(&ribs, steel.darker(0.4));
}

fn logs(scene: &mut Scene) {
    let bark = scene.ink(&[0x8a6544, 0x7a5a40, 0x9a7a52]);
    for (row, count) in [(0.0, 4), (1.0, 3), (2.0, 2)] {
        for log in 0..count {
            let y = -15.5 - 7.5 * row - 0.6 * log as f32;
            let shape = Shape::new().rounded((-45.0 + 2.0 * row, y - 3.6), (54.0, 7.2), 3.4);
            scene.fill(&shape, Fill::round(y - 4.0, y + 4.0, bark));
        }
        let end = Shape::new().oval((-43.5 + 2.0 * row, -15.5 - 7.5 * row), (2.2, 3.5));
        scene.fill(&end, bark.lighter(0.55));
    }
    let posts = [-38.0, -18.0, 2.0]
        .into_iter()
        .fold(Shape::new(), |posts, x| posts.rect((x, -39.0), (1.6, 29.0)));
    scene.fill(&posts, Ink::hex(0x3c3d42));
}

/// The body of a fire engine, with lockers, and a ladder on the roof.
fn fire_engine(scene: &mut Scene, red: Ink) {
    let body = Shape::new().rounded((-45.0, -36.0), (57.0, 26.0), 1.5);
    scene.fill(&body, Fill::round(-38.0, -8.0, red));
    scene.fill(&Shape::new().rect((-45.0, -21.0), (57.0, 3.0)), Ink::hex(0xf4f0e0));
    for x in [-41.0, -27.0, -13.0, 1.0] {
        let locker = Shape::new().rounded((x, -33.0), (10.5, 10.0), 1.0);
        scene.fill(&locker, Fill::down(-33.0, -22.0, Ink::hex(0xd2d6da), Ink::hex(0x8b9096)));
    }
    let rails: [At; 2] = [(-44.0, -41.0), (-44.0, -44.5)];
    let mut frame =
        rails.into_iter().fold(Shape::new(), |frame, corner| frame.rect(corner, (66.0, 1.0)));
    for rung in 0..14 {
        frame = frame.rect((-42.0 + 4.8 * rung as f32, -44.5), (0.9, 4.0));
    }
    scene.fill(&frame, Ink::hex(0xdfe2e5));
    scene.fill(&Shape::new().rounded((26.0, -46.0), (6.0, 3.5), 1.2), Ink::hex(0x2f6fe0));
}

fn truck_front(scene: &mut Scene, paint: Ink) {
    shadow(scene, (0.0, -1.0), (34.0, 5.0));
    let tyres = Shape::new().rounded((-24.0, -12.0), (9.0, 12.0), 2.0).rounded(
        (15.0, -12.0),
        (9.0, 12.0),
        2.0,
    );
    scene.fill(&tyres, TYRE);
    let body = scene.ink(&[0xf0efe9, 0xd9dcdf, 0x8f959b, 0x3d5a80]);
    let load = Shape::new().rounded((-26.0, -70.0), (52.0, 58.0), 1.5);
    scene.fill(&load, Fill::Linear((-26.0, 0.0), (26.0, 0.0), body, body.darker(0.3)));
    let chrome = Fill::down(-70.0, -10.0, Ink::hex(0xf0f2f4), Ink::hex(0x8b8f94));
    let stacks = Shape::new().rect((-25.5, -73.0), (2.4, 50.0)).rect((23.1, -73.0), (2.4, 50.0));
    scene.fill(&stacks, chrome);
    let cab = Shape::new().rounded((-22.0, -64.0), (44.0, 54.0), 5.0);
    scene.fill(&cab, Fill::round(-64.0, -8.0, paint));
    let screen = Shape::new().rounded((-19.0, -57.0), (38.0, 17.0), 2.0);
    scene.fill(&screen, glass(-57.0, -39.0));
    scene.fill(&Shape::new().rect((-0.5, -57.0), (1.0, 17.0)), paint.darker(0.3));
    let grille = Shape::new().rounded((-12.0, -37.0), (24.0, 24.0), 2.5);
    scene.fill(&grille, chrome);
    let mut bars = Shape::new();
    for bar in 0..6 {
        bars = bars.rect((-10.2 + 3.6 * bar as f32, -35.0), (2.2, 20.0));
    }
    scene.fill(&bars, Ink::hex(0x2b2d31));
    scene.fill(&Shape::new().rounded((-25.0, -13.5), (50.0, 7.0), 2.0), chrome);
    for side in [-1.0, 1.0] {
        scene.fill(&Shape::new().rounded((17.0 * side - 3.8, -24.0), (7.6, 6.5), 2.0), LAMP);
        let mirror = Shape::new().rounded((28.0 * side - 2.0, -54.0), (4.0, 12.0), 1.0);
        scene.fill(&mirror, Ink::hex(0x2a2b2f));
        scene.fill(&Shape::new().rect((24.5 * side - 3.0, -50.0), (6.0, 0.9)), TYRE);
    }
    for x in [-14.0, -7.0, 0.0, 7.0, 14.0] {
        scene.fill(&Shape::new().oval((x, -62.0), (1.5, 1.0)), AMBER);
    }
    scene.fill(&Shape::new().rect((-5.5, -12.0), (11.0, 3.6)), Ink::hex(0xf2f0e4));
}
