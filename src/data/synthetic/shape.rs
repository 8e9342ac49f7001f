//! Outlines (`Shape`), and the frames (coordinate systems) that they are painted in (`Placement`).
//!
//! Rotations are given as slopes, and curves as Bézier points. Only additions, multiplications,
//! divisions and square roots are needed for these; IEEE 754 fixes their results to the last bit.
//! Sines and powers would differ between platforms.

use tiny_skia::{Path, PathBuilder, Rect, Transform};

/// A point in the units of the current frame. x points right, y points down.
pub type At = (f32, f32);

/// An outline built from simple parts. Their union is filled.
///
/// All parts have the same winding direction. Otherwise, overlapping parts would cut holes into each
/// other.
#[derive(Clone, Debug, Default)]
pub struct Shape(PathBuilder);

impl Shape {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn oval(mut self, (x, y): At, (rx, ry): At) -> Self {
        if let Some(bounds) = Rect::from_ltrb(x - rx, y - ry, x + rx, y + ry) {
            self.0.push_oval(bounds);
        }
        self
    }

    pub fn disc(self, centre: At, radius: f32) -> Self {
        self.oval(centre, (radius, radius))
    }

    /// An oval rotated about its centre; `slope` is the tangent of the angle.
    pub fn tilted(mut self, (x, y): At, (rx, ry): At, slope: f32) -> Self {
        let turn = Placement::at((x, y)).slope(slope).transform();
        let oval = Rect::from_ltrb(-rx, -ry, rx, ry).and_then(PathBuilder::from_oval);
        if let Some(oval) = oval.and_then(|oval| oval.transform(turn)) {
            self.0.push_path(&oval);
        }
        self
    }

    pub fn rect(self, (x, y): At, (width, height): At) -> Self {
        let (right, bottom) = (x + width, y + height);
        self.poly(&[(x, y), (right, y), (right, bottom), (x, bottom)])
    }

    /// A rectangle with rounded corners of radius `r`.
    pub fn rounded(self, (x, y): At, (width, height): At, r: f32) -> Self {
        let (right, bottom) = (x + width, y + height);
        let (x1, y1, x2, y2) = (x + r, y + r, right - r, bottom - r);
        let mut path = PathBuilder::new();
        path.move_to(x1, y);
        path.line_to(x2, y);
        path.quad_to(right, y, right, y1);
        path.line_to(right, y2);
        path.quad_to(right, bottom, x2, bottom);
        path.line_to(x1, bottom);
        path.quad_to(x, bottom, x, y2);
        path.line_to(x, y1);
        path.quad_to(x, y, x1, y);
        path.close();
        self.join(path.finish())
    }

    pub fn poly(mut self, corners: &[At]) -> Self {
        for (i, &(x, y)) in clockwise(corners).iter().enumerate() {
            if i == 0 {
                self.0.move_to(x, y);
            } else {
                self.0.line_to(x, y);
            }
        }
        self.0.close();
        self
    }

    /// A closed, smooth outline: quadratic Bézier curves with `guides` as control points. A guide that is
    /// given twice makes a corner.
    pub fn blob(mut self, guides: &[At]) -> Self {
        let guides = clockwise(guides);
        let middle = |i: usize| {
            let (a, b) = (guides[i], guides[(i + 1) % guides.len()]);
            ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0)
        };
        let (x, y) = middle(guides.len() - 1);
        self.0.move_to(x, y);
        for (i, guide) in guides.iter().enumerate() {
            let (x, y) = middle(i);
            self.0.quad_to(guide.0, guide.1, x, y);
        }
        self.0.close();
        self
    }

    /// A limb: a disc for each joint (x, y, radius), and a straight connection between neighbours.
    pub fn limb(mut self, joints: &[(f32, f32, f32)]) -> Self {
        for &(x, y, r) in joints {
            self = self.disc((x, y), r);
        }
        for pair in joints.windows(2) {
            let ((x0, y0, r0), (x1, y1, r1)) = (pair[0], pair[1]);
            let (dx, dy) = (x1 - x0, y1 - y0);
            let length = (dx * dx + dy * dy).sqrt().max(1e-3);
            let (nx, ny) = (-dy / length, dx / length);
            self = self.poly(&[
                (x0 + nx * r0, y0 + ny * r0),
                (x1 + nx * r1, y1 + ny * r1),
                (x1 - nx * r1, y1 - ny * r1),
                (x0 - nx * r0, y0 - ny * r0),
            ]);
        }
        self
    }

    /// A limb along the cubic Bézier curve of `knots`; `radii` are those at its start, middle and end.
    pub fn sweep(self, knots: [At; 4], radii: [f32; 3]) -> Self {
        const STEPS: u8 = 12;
        let joints: Vec<_> = (0..=STEPS)
            .map(|step| {
                let t = f32::from(step) / f32::from(STEPS);
                let u = 1.0 - t;
                let (a, b, c, d) = (u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t);
                let along = |part: fn(At) -> f32| {
                    let [k0, k1, k2, k3] = knots.map(part);
                    a * k0 + b * k1 + c * k2 + d * k3
                };
                let middle = 2.0 * radii[1] - (radii[0] + radii[2]) / 2.0;
                let r = u * u * radii[0] + 2.0 * u * t * middle + t * t * radii[2];
                (along(|k| k.0), along(|k| k.1), r.max(0.2))
            })
            .collect();
        self.limb(&joints)
    }

    /// Adds the parts of `other`.
    pub fn and(self, other: &Self) -> Self {
        let path = other.path();
        self.join(path)
    }

    fn join(mut self, path: Option<Path>) -> Self {
        if let Some(path) = path {
            self.0.push_path(&path);
        }
        self
    }

    /// The whole outline, or `None` if it is empty.
    pub fn path(&self) -> Option<Path> {
        self.0.clone().finish()
    }
}

/// The corners in the winding direction of ovals: reversed if they run the other way.
fn clockwise(corners: &[At]) -> Vec<At> {
    let mut corners = corners.to_vec();
    let next = corners.iter().cycle().skip(1);
    let doubled_area: f32 = corners.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum();
    if doubled_area < 0.0 {
        corners.reverse();
    }
    corners
}

/// Position, scale and rotation of a subject's frame in the surrounding frame.
#[derive(Clone, Copy, Debug)]
pub struct Placement {
    at: At,
    scale: At,
    slope: f32,
}

impl Placement {
    pub fn at(at: At) -> Self {
        Self { at, scale: (1.0, 1.0), slope: 0.0 }
    }

    pub fn scale(self, scale: f32) -> Self {
        self.stretch(scale, scale)
    }

    pub fn stretch(self, x: f32, y: f32) -> Self {
        Self { scale: (self.scale.0 * x, self.scale.1 * y), ..self }
    }

    /// Flips the frame horizontally if `mirrored`.
    pub fn mirror(self, mirrored: bool) -> Self {
        self.stretch(if mirrored { -1.0 } else { 1.0 }, 1.0)
    }

    /// Rotates the frame; `slope` is the tangent of the angle. A positive slope lowers the right side.
    pub fn slope(self, slope: f32) -> Self {
        Self { slope, ..self }
    }

    pub fn transform(self) -> Transform {
        let cos = 1.0 / (1.0 + self.slope * self.slope).sqrt();
        let sin = self.slope * cos;
        let (x, y) = self.scale;
        Transform::from_row(x * cos, x * sin, -y * sin, y * cos, self.at.0, self.at.1)
    }
}
