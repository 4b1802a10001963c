// Arithmetic. Each variant is one expression of the operands x0, x1, …:
//   add                x0 + x1
//   sub                x0 - x1
//   mul                x0 * x1
//   mul_add            x0 * x1 + x2
//   fma                fma(x0, x1, x2)
//   div                x0 / x1
//   rem                x0 % x1
//   div_constant       x0 / 7.1
//   cancel             (x0 + x1) - x0
//   associate          (x0 + x1) + x2
//   factor             x0 * x1 + x0 * x2
//   two_sum            (x0 - ((x0 + x1) - ((x0 + x1) - x0))) + (x1 - ((x0 + x1) - x0))
//   two_sum_guarded    guarded(x0 - guarded(guarded(x0 + x1) - guarded(guarded(x0 + x1) - x0))) + guarded(x1 - guarded(guarded(x0 + x1) - x0))
//   x_minus_x          x0 - x0
//   x_over_x           x0 / x0
//   mul_zero           x0 * 0.0
//   mul_one            x0 * 1.0
//   add_zero           x0 + 0.0
//   zero_minus         0.0 - x0
//   double_and_halve   (x0 + x0) * 0.5
//   reciprocal_root    1.0 / sqrt(x0)

//#include shared/elementwise.wgsl
