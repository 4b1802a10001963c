//! liberties: operand-nan
