//! Test doubles of the vendors.
