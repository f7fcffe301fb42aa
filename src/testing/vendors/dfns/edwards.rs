//! Which 32 bytes are a public key of Ed25519. The library takes any, and to those that are none no signature fits.
//!
//! A point has a y of which w = y² makes (w − 1) / (d·w + 1) a square: x². With d = −121665/121666 neither has to be divided.

use std::ops::{Add, Mul};

/// A number modulo p = 2²⁵⁵ − 19 in digits of 51 bits, the lowest first. A digit may be larger, as long as it has 54 bits.
#[derive(Clone, Copy)]
struct Number([u64; 5]);

const BITS: u32 = 51;
const LARGEST: u64 = (1 << BITS) - 1;
const MINUS_ONE: Number = Number([LARGEST - 19, LARGEST, LARGEST, LARGEST, LARGEST]);

/// Says whether the bytes stand for a point of the curve.
pub(super) fn is_point(encoded: &[u8; 32]) -> bool {
    let w = w(encoded);
    let (above, below) = (w + MINUS_ONE, w * small(121_665) * MINUS_ONE + small(121_666));
    (above * below * small(121_666)).is_square()
}

/// Says whether a point is one of the eight whose eightfold is nothing: of such a key, nearly every message seems to be signed.
pub(super) fn is_of_small_order(encoded: &[u8; 32]) -> bool {
    let w = w(encoded);
    // What doubled has y = 0 is of order eight: d·w² + 2·w − 1 = 0.
    let of_order_eight = w * w * small(121_665) * MINUS_ONE + (w + w + MINUS_ONE) * small(121_666);
    [w, w + MINUS_ONE, of_order_eight].into_iter().any(Number::is_zero)
}

fn w(encoded: &[u8; 32]) -> Number {
    let y = Number::y(encoded);
    y * y
}

const fn small(number: u64) -> Number {
    Number([number, 0, 0, 0, 0])
}

impl Number {
    /// Reads the y of a point; the highest bit says which x.
    fn y(encoded: &[u8; 32]) -> Self {
        let mut bytes = *encoded;
        bytes[31] &= 0x7f;
        bytes.iter().rev().fold(small(0), |number, byte| number * small(256) + small((*byte).into()))
    }

    /// Carries what a digit has too much; what the highest has too much counts 19 times at the lowest, as 2²⁵⁵ is 19.
    fn carried(mut digits: [u128; 5]) -> Self {
        for _ in 0..3 {
            let mut carry = 0;
            for digit in &mut digits {
                *digit += carry;
                carry = *digit >> BITS;
                *digit &= u128::from(LARGEST);
            }
            digits[0] += 19 * carry;
        }
        Self(digits.map(|digit| u64::try_from(digit).unwrap_or_default()))
    }

    /// After carrying it is 0 or p.
    fn is_zero(self) -> bool {
        let Self(digits) = Self::carried(self.0.map(u128::from));
        let Self([lowest, rest @ ..]) = MINUS_ONE;
        digits == [0; 5] || digits.split_first() == Some((&(lowest + 1), &rest))
    }

    /// By Euler: to the power of (p − 1) / 2 = 2²⁵⁴ − 10, a square is 0 or 1.
    fn is_square(self) -> bool {
        let power = (0..254).rev().fold(small(1), |power, bit| {
            let squared = power * power;
            // The last digits of the exponent are 0110, all others 1.
            if [3, 0].contains(&bit) { squared } else { squared * self }
        });
        power.is_zero() || (power + MINUS_ONE).is_zero()
    }
}

impl Add for Number {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let ([a0, a1, a2, a3, a4], [b0, b1, b2, b3, b4]) = (self.0.map(u128::from), other.0.map(u128::from));
        Self::carried([a0 + b0, a1 + b1, a2 + b2, a3 + b3, a4 + b4])
    }
}

impl Mul for Number {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        let ([a0, a1, a2, a3, a4], [b0, b1, b2, b3, b4]) = (self.0.map(u128::from), other.0.map(u128::from));
        Self::carried([
            a0 * b0 + 19 * (a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1),
            a0 * b1 + a1 * b0 + 19 * (a2 * b4 + a3 * b3 + a4 * b2),
            a0 * b2 + a1 * b1 + a2 * b0 + 19 * (a3 * b4 + a4 * b3),
            a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 + 19 * (a4 * b4),
            a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0,
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::text::from_hex;

    fn bytes(hex: &str) -> [u8; 32] {
        from_hex(hex).expect("hex").try_into().expect("32 bytes")
    }

    /// All that is of small order, in every form of y below 2²⁵⁵.
    const SMALL: [&str; 7] = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];

    #[test]
    fn points_of_small_order_are_known_in_all_their_forms() {
        for hex in SMALL {
            let mut point = bytes(hex);
            assert!(is_point(&point) && is_of_small_order(&point), "{hex}");
            point[31] |= 0x80;
            assert!(is_point(&point) && is_of_small_order(&point), "{hex}, the other x");
            point[0] ^= 4;
            assert!(!is_of_small_order(&point), "{hex}, another y");
        }
    }

    #[test]
    fn keys_of_the_standard_are_points() {
        // RFC 8032, section 7.1.
        for hex in ["d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"] {
            assert!(is_point(&bytes(hex)) && !is_of_small_order(&bytes(hex)), "{hex}");
        }
        let mut none = [0; 32];
        none[0] = 2;
        assert!(!is_point(&none));
    }

    /// What the crate signs with knows points by another way.
    #[cfg(feature = "dfns-keys")]
    #[test]
    fn the_same_bytes_are_points_to_another_library() {
        for _ in 0..500 {
            let bytes: [u8; 32] = std::array::from_fn(|_| fastrand::u8(..));
            let other = ed25519_dalek::VerifyingKey::from_bytes(&bytes);
            assert_eq!(is_point(&bytes), other.is_ok(), "{bytes:?}");
            assert_eq!(is_point(&bytes) && is_of_small_order(&bytes), other.is_ok_and(|key| key.is_weak()), "{bytes:?}");
        }
    }
}
