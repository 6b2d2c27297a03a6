//! Work on many numbers at once, compiled for wider registers than every processor has.
//!
//! Width changes no result: the same operations are done, and IEEE 754 defines each to the last bit. AVX-512
//! is left alone: what comes after it is slower by more than it wins.

/// Does `work` with AVX2 if the processor has it. Only what is inlined into it gains by that.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn wide<R>(work: impl FnOnce() -> R) -> R {
    use fearless_simd::{Level, Simd};
    match Level::new().as_avx2() {
        Some(avx2) => avx2.vectorize(work),
        None => work(),
    }
}

/// Does `work`: nothing that a processor of this kind may have is worth asking for.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub fn wide<R>(work: impl FnOnce() -> R) -> R {
    work()
}
