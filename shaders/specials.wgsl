// Specials. Each variant is one expression of the operands x0, x1, …:
//   copy               x0
//   negate             -x0
//   absolute           abs(x0)
//   add                x0 + x1
//   mul                x0 * x1
//   div                x0 / x1
//   fma                fma(x0, x1, x2)
//   sqrt               sqrt(x0)
//   min                min(x0, x1)
//   max                max(x0, x1)
//   clamp              clamp(x0, 0.0, 1.0)
//   add_negative_zero  x0 + bitcast<f32>(0x80000000u ^ control[0])
//   subtract_self      x0 - x0
//   less               select(0u, 1u, x0 < x1)
//   less_equal         select(0u, 1u, x0 <= x1)
//   equal              select(0u, 1u, x0 == x1)
//   equals_zero        select(0u, 1u, x0 == 0.0)
//   not_equal_self     select(0u, 1u, x0 != x0)
//   nan_by_bits        select(0u, 1u, (x0 & 0x7fffffffu) > 0x7f800000u)

//#include shared/elementwise.wgsl
