//! Draws the trunk, neck and legs of a four-legged animal, with proportions given by `Build`.

use super::Coat;
use crate::data::synthetic::brush::{Fill, Ink, Scene};
use crate::data::synthetic::shape::{At, Shape};

/// The proportions of a body, seen from its right side. The feet are at y = 0.
#[derive(Clone, Copy, Debug)]
pub struct Build {
    /// Half the distance from hip to shoulder.
    pub reach: f32,
    /// Height of the trunk's centre above the ground.
    pub height: f32,
    /// Radii of the trunk, from front (chest) to back (rump).
    pub chest: f32,
    pub waist: f32,
    pub rump: f32,
    /// Radii of a leg at its upper and its lower end.
    pub thigh: f32,
    pub shank: f32,
    /// The point where neck and head meet.
    pub poll: At,
    /// Radii of the neck at the shoulder and at the head.
    pub neck: (f32, f32),
    pub hoofed: bool,
}

/// The feet of the near and far fore leg, then of the near and far hind leg. Each foot is given by its
/// distance ahead of the joint above it and its height above the ground, as multiples of
/// `Build::height`.
pub type Gait = [At; 4];

pub const STANDING: Gait = [(0.02, 0.0), (-0.14, 0.0), (-0.06, 0.0), (0.1, 0.0)];
pub const WALKING: Gait = [(0.3, 0.06), (-0.22, 0.0), (-0.3, 0.0), (0.22, 0.04)];
pub const RUNNING: Gait = [(0.62, 0.3), (0.36, 0.14), (-0.62, 0.12), (-0.42, 0.3)];

impl Build {
    /// A leg from its joint at the trunk to its foot, and the position of the foot; `bend` moves the knee
    /// forward.
    fn leg(&self, hip: At, step: At, bend: f32) -> (Shape, At) {
        let foot = (hip.0 + step.0 * self.height, -step.1 * self.height - self.shank);
        let along = |t: f32, ahead: f32| {
            (hip.0 + (foot.0 - hip.0) * t + ahead * self.height, hip.1 + (foot.1 - hip.1) * t)
        };
        let lift = 0.25 * step.1;
        let (knee, fetlock) = (along(0.52, bend + lift), along(0.86, bend * 0.3 - lift));
        let thigh = along(0.26, bend * 0.6 + lift * 0.6);
        let middle = self.shank + (self.thigh - self.shank) * 0.16;
        let leg = Shape::new().limb(&[
            (hip.0, hip.1, self.thigh),
            (thigh.0, thigh.1, self.thigh * 0.68),
            (knee.0, knee.1, middle),
            (fetlock.0, fetlock.1, self.shank),
            (foot.0, foot.1, self.shank * 1.2),
        ]);
        (leg, foot)
    }

    fn trunk(&self) -> Shape {
        let Self { reach, height, chest, waist, rump, poll, neck, .. } = *self;
        let withers = (reach - 1.0, -height - chest * 0.25);
        let bend = ((withers.0 * 0.4 + poll.0 * 0.6) + 1.0, withers.1 * 0.45 + poll.1 * 0.55 + 2.0);
        Shape::new()
            .limb(&[
                (-reach, -height, rump),
                (-0.35 * reach, -height + 0.3, waist * 0.96),
                (0.4 * reach, -height + 1.2, waist),
                (reach, -height + 0.5, chest),
            ])
            .limb(&[
                (withers.0, withers.1, neck.0),
                (bend.0, bend.1, (neck.0 + neck.1) * 0.5),
                (poll.0, poll.1, neck.1),
            ])
    }

    /// Paints the body without head and tail. The caller paints these, because they differ between
    /// animals.
    pub fn paint(&self, scene: &mut Scene, coat: Coat, gait: Gait) {
        let Self { reach, height, chest, rump, .. } = *self;
        let shoulder = (reach, -height + chest * 0.35);
        let hip = (-reach - rump * 0.15, -height + rump * 0.25);
        let [near_fore, far_fore, near_hind, far_hind] = gait;
        let top = -height - rump;
        let mut feet = Vec::with_capacity(4);
        let mut leg = |joint: At, step: At, bend: f32| {
            let (shape, foot) = self.leg(joint, step, bend);
            feet.push(foot);
            shape
        };
        let far = leg(shoulder, far_fore, 0.03).and(&leg(hip, far_hind, -0.07));
        let near = leg(shoulder, near_fore, 0.03).and(&leg(hip, near_hind, -0.07));
        scene.fill(&far, Fill::down(top, 0.0, coat.base.darker(0.3), coat.base.darker(0.5)));
        let body = self.trunk().and(&near);
        scene.fill(&body, Fill::down(top, 0.0, coat.base.lighter(0.2), coat.base.darker(0.3)));
        scene.within(&self.trunk(), |scene| {
            let belly = (0.0, -height + rump * 1.1);
            scene.soft(belly, (reach + 12.0, rump * 0.75), coat.base.darker(0.5).alpha(0.5));
            let back = (-2.0, -height - rump * 0.6);
            scene.soft(back, (reach + 6.0, rump * 0.7), coat.base.lighter(0.5).alpha(0.4));
        });
        let (low, high) = ((-reach - rump, -height - rump), (reach + chest, -height + rump));
        coat.mark(scene, &self.trunk(), low, high);
        for foot in feet {
            if self.hoofed {
                let r = self.shank * 1.25;
                let hoof = [
                    (foot.0 - r, foot.1 - r * 0.6),
                    (foot.0 + r, foot.1 - r * 0.6),
                    (foot.0 + r * 1.35, foot.1 + r),
                    (foot.0 - r, foot.1 + r),
                ];
                scene.fill(&Shape::new().poly(&hoof), Ink::hex(0x2c2622));
            } else {
                let paw = Shape::new().oval((foot.0 + 1.4, foot.1 + 0.4), (3.6, 2.1));
                scene.fill(&paw, coat.base.darker(0.12));
            }
        }
    }
}
