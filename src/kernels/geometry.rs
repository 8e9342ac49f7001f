//! The sizes of a convolution.

/// A convolution from [n, h, w, cin] to [n, ho, wo, cout] with a square kernel. A transposed convolution is
/// described by the convolution whose input gradient it is: it goes from [n, ho, wo, cout] to [n, h, w, cin].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Channels of the input.
    pub cin: usize,
    /// Channels of the output.
    pub cout: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Distance between neighbouring windows.
    pub stride: usize,
    /// Zeros around the input.
    pub padding: usize,
    /// Height of the input.
    pub h: usize,
    /// Width of the input.
    pub w: usize,
    /// Height of the output.
    pub ho: usize,
    /// Width of the output.
    pub wo: usize,
}

impl Geometry {
    /// A convolution of inputs of `size` (height, width).
    ///
    /// # Panics
    /// When a size is 0, or the kernel is larger than the padded input.
    pub fn convolution(
        [cin, cout]: [usize; 2],
        [kernel, stride, padding]: [usize; 3],
        [h, w]: [usize; 2],
    ) -> Self {
        assert!(cin * cout * kernel * stride * h * w > 0, "no size may be 0");
        assert!(kernel <= h + 2 * padding && kernel <= w + 2 * padding, "the kernel is too large");
        let out = |size: usize| (size + 2 * padding - kernel) / stride + 1;
        Self { cin, cout, kernel, stride, padding, h, w, ho: out(h), wo: out(w) }
    }

    /// A transposed convolution from `channels[0]` to `channels[1]` channels, of inputs of `size`.
    ///
    /// # Panics
    /// When a size is 0, or the padding leaves no output.
    pub fn transposed(
        [from, to]: [usize; 2],
        [kernel, stride, padding]: [usize; 3],
        [ho, wo]: [usize; 2],
    ) -> Self {
        assert!(from * to * kernel * stride * ho * wo > 0, "no size may be 0");
        let out = |size: usize| {
            let whole = (size - 1) * stride + kernel;
            assert!(whole > 2 * padding, "the padding leaves nothing");
            whole - 2 * padding
        };
        Self { cin: to, cout: from, kernel, stride, padding, h: out(ho), w: out(wo), ho, wo }
    }

    /// Values of one input picture.
    pub fn input_len(&self) -> usize {
        self.h * self.w * self.cin
    }

    /// Values of one output picture.
    pub fn output_len(&self) -> usize {
        self.ho * self.wo * self.cout
    }

    /// Values of the weights, [cout, cin, kernel, kernel].
    pub fn weights_len(&self) -> usize {
        self.cout * self.cin * self.kernel * self.kernel
    }
}
