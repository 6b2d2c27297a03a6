//! Work on many numbers at once, compiled for wider registers than every processor has.
//!
//! Width changes no result: IEEE 754 defines each operation to the last bit, and rustc neither reorders
//! operations nor makes one of two (`a * b + c`), whatever the processor could do. AVX-512 is left alone: what
//! comes after it is slower by more than it wins.

/// Does `work` with AVX2 and what else x86-64-v3 has, if the processor has them. Only what is inlined into it
/// gains by that.
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
