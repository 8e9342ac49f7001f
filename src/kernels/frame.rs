//! A part of a picture with zeros around it, so that the loops over windows need not look for borders.

/// Where a frame lies in a picture; it may reach over the borders.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    /// The picture's row that is the frame's first.
    pub top: isize,
    /// The picture's column that is the frame's first.
    pub left: isize,
    pub rows: usize,
    pub columns: usize,
}

impl Frame {
    /// Values of the frame with `channels`.
    pub fn len(&self, channels: usize) -> usize {
        self.rows * self.columns * channels
    }

    /// Copies the frame out of a picture [h, w, c]; zeros outside of it.
    #[inline(always)]
    pub fn copy(&self, picture: &[f32], [h, w, c]: [usize; 3], to: &mut [f32]) {
        let from_column = self.left.clamp(0, w as isize) as usize;
        let end_column = (self.left + self.columns as isize).clamp(0, w as isize) as usize;
        let before = from_column.saturating_add_signed(-self.left) * c;
        let length = (end_column.saturating_sub(from_column)) * c;
        for (row, to) in to.chunks_exact_mut(self.columns * c).take(self.rows).enumerate() {
            let y = self.top + row as isize;
            if y < 0 || y >= h as isize || length == 0 {
                to.fill(0.0);
                continue;
            }
            let from = &picture[(y as usize * w + from_column) * c..][..length];
            to[..before].fill(0.0);
            to[before..before + length].copy_from_slice(from);
            to[before + length..].fill(0.0);
        }
    }
}
