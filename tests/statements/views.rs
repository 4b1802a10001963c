//! Statements about views that were wrong once.
