//! Draws the six animal classes, a file for each. This file has what they share: coats, eyes, settings
//! and poses.

mod birds;
mod body;
mod cats;
mod deer;
mod dogs;
mod horses;
mod monkeys;

pub use birds::bird;
pub use cats::cat;
pub use deer::deer;
pub use dogs::dog;
pub use horses::horse;
pub use monkeys::monkey;

use crate::data::synthetic::background::{self, Ground, shadow};
use crate::data::synthetic::brush::{Fill, Ink, SIDE, Scene};
use crate::data::synthetic::shape::{At, Placement, Shape};

/// The colours and markings of an animal.
#[derive(Clone, Copy, Debug)]
struct Coat {
    base: Ink,
    /// Belly, muzzle and the inside of the legs.
    pale: Ink,
    /// Mane, ears and stripes.
    dark: Ink,
    marks: Marks,
}

/// The pattern over the base colour of a coat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marks {
    Plain,
    Stripes,
    Patches,
    Spots,
    /// A dark back and pale sides.
    Saddle,
}

impl Coat {
    /// The coat of an animal with one colour: `base`, a lighter and a darker shade.
    fn of(base: Ink) -> Self {
        Self { base, pale: base.lighter(0.35), dark: base.darker(0.4), marks: Marks::Plain }
    }

    /// Paints the markings of this coat inside `outline`, between the two corners given.
    fn mark(self, scene: &mut Scene, outline: &Shape, (left, top): At, (right, bottom): At) {
        let height = bottom - top;
        scene.within(outline, |scene| match self.marks {
            Marks::Plain => {}
            Marks::Stripes => {
                let mut stripes = Shape::new();
                let mut x = left;
                while x < right {
                    let lean = scene.between(-2.0, 2.0);
                    let low = top + height * scene.between(0.5, 0.8);
                    stripes = stripes.poly(&[(x, top), (x + 2.6, top), (x + 1.6 + lean, low)]);
                    x += scene.between(4.0, 5.5);
                }
                scene.fill(&stripes, self.dark.alpha(0.75));
            }
            Marks::Patches => {
                for _ in 0..4 {
                    let at = (scene.between(left, right), scene.between(top, bottom));
                    let size = (scene.between(5.0, 10.0), scene.between(4.0, 8.0));
                    let slope = scene.between(-0.6, 0.6);
                    scene.fill(&Shape::new().tilted(at, size, slope), self.dark);
                }
            }
            Marks::Spots => {
                let spots = (0..26).fold(Shape::new(), |spots, _| {
                    let at = (scene.between(left, right), scene.between(top, bottom));
                    let r = scene.between(0.7, 1.5);
                    spots.disc(at, r)
                });
                scene.fill(&spots, self.dark);
            }
            Marks::Saddle => {
                let middle = (left + right) / 2.0;
                let size = ((right - left) * 0.42, height * 0.55);
                scene.fill(&Shape::new().oval((middle, top + height * 0.1), size), self.dark);
            }
        });
    }
}

/// A dark eye with a highlight.
fn eye(scene: &mut Scene, (x, y): At, r: f32) {
    scene.fill(&Shape::new().disc((x, y), r), Ink::DARK);
    scene.fill(&Shape::new().disc((x + 0.3 * r, y - 0.35 * r), 0.34 * r), Ink::WHITE);
}

/// Places an animal with its feet at y = `ground`, facing left or right at random.
///
/// In the frame that `paint` uses, the animal is `height` units tall and its centre is at
/// x = `across`. In the picture, its height is a random share of the picture's, in the range `fill`.
fn stand(
    scene: &mut Scene,
    ground: f32,
    (height, across): At,
    fill: At,
    paint: impl FnOnce(&mut Scene),
) {
    let side = if scene.chance(0.5) { -1.0 } else { 1.0 };
    let scale = scene.between(fill.0, fill.1) * SIDE as f32 / height;
    let middle = scene.between(44.0, 52.0);
    let place = Placement::at((middle - side * across * scale, ground))
        .stretch(side * scale, scale)
        .slope(scene.between(-0.04, 0.04));
    scene.placed(place, paint);
}

/// Places a head near the centre of the picture, flipped at random, with a scale in the range `scale`.
fn portrait(scene: &mut Scene, scale: At, paint: impl FnOnce(&mut Scene)) {
    let place = Placement::at((scene.between(42.0, 54.0), scene.between(42.0, 52.0)))
        .scale(scene.between(scale.0, scale.1))
        .mirror(scene.chance(0.5))
        .slope(scene.between(-0.18, 0.18));
    scene.placed(place, paint);
}

/// The background of a portrait: mostly blurred, sometimes a wood or a field.
fn backdrop(scene: &mut Scene) {
    match scene.count(0, 5) {
        0 => {
            background::woods(scene);
        }
        1 => {
            background::field(scene, &[Ground::Grass, Ground::Straw]);
        }
        _ => background::blur(scene),
    }
}

/// A background for pets: a room, a street or a field. Returns the y at which they sit or stand.
fn at_home(scene: &mut Scene) -> f32 {
    match scene.count(0, 4) {
        0 | 1 => background::room(scene),
        2 => background::street(scene),
        3 => background::field(scene, &[Ground::Grass, Ground::Sand, Ground::Snow]),
        _ => background::field(scene, &[Ground::Grass]),
    }
}

/// A background for grazing animals: a wood with the probability `wood`, otherwise a field. Returns
/// the y at which they stand.
fn outdoors(scene: &mut Scene, wood: f32) -> f32 {
    if scene.chance(wood) {
        background::woods(scene)
    } else {
        let grounds = [Ground::Grass, Ground::Grass, Ground::Straw, Ground::Snow, Ground::Sand];
        background::field(scene, &grounds)
    }
}

/// A pet that sits upright and faces the viewer; `head` paints its head around the origin.
fn seated(scene: &mut Scene, coat: Coat, head: impl FnOnce(&mut Scene)) {
    shadow(scene, (0.0, -1.0), (30.0, 4.5));
    let haunches =
        Shape::new().oval((-14.0, -13.0), (10.5, 13.0)).oval((14.0, -13.0), (10.5, 13.0));
    scene.fill(&haunches, Fill::round(-30.0, 0.0, coat.base.darker(0.12)));
    let hind = Shape::new().oval((-18.0, -3.0), (7.0, 3.2)).oval((18.0, -3.0), (7.0, 3.2));
    scene.fill(&hind, coat.base.darker(0.25));
    let body = Shape::new().limb(&[(0.0, -15.0, 15.0), (0.0, -32.0, 12.5), (0.0, -46.0, 10.0)]);
    scene.fill(&body, Fill::round(-54.0, 0.0, coat.base));
    coat.mark(scene, &body, (-16.0, -50.0), (16.0, -8.0));
    scene.soft((0.0, -34.0), (11.0, 17.0), coat.pale);
    for side in [-1.0, 1.0] {
        let leg = Shape::new().limb(&[
            (5.0 * side, -30.0, 4.6),
            (6.2 * side, -12.0, 4.0),
            (6.6 * side, -3.6, 4.2),
        ]);
        scene.fill(&leg, Fill::down(-34.0, 0.0, coat.base.lighter(0.12), coat.base.darker(0.2)));
        scene.fill(&Shape::new().oval((7.2 * side, -2.8), (5.2, 3.1)), coat.pale.darker(0.08));
        let toes = Shape::new()
            .rect((5.4 * side - 0.3, -3.2), (0.6, 2.4))
            .rect((8.8 * side - 0.3, -3.2), (0.6, 2.4));
        scene.fill(&toes, coat.dark.darker(0.4));
    }
    scene.fill(&Shape::new().rect((-0.35, -26.0), (0.7, 23.0)), coat.base.darker(0.5).alpha(0.6));
    let place = Placement::at((0.0, -55.0)).scale(0.86).slope(scene.between(-0.12, 0.12));
    scene.placed(place, head);
}
