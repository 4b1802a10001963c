// Activation. Each variant is one expression of the operands x0, x1, …:
//   relu               max(x0, 0.0)
//   sigmoid            1.0 / (1.0 + exp(-x0))
//   silu               x0 / (1.0 + exp(-x0))
//   softplus           max(x0, 0.0) + log(1.0 + exp(-abs(x0)))
//   gelu_tanh          0.5 * x0 * (1.0 + tanh(0.79788456 * (x0 + 0.044715 * x0 * x0 * x0)))
//   gelu_sigmoid       x0 / (1.0 + exp(-1.702 * x0))
//   tanh_exp           (exp(2.0 * x0) - 1.0) / (exp(2.0 * x0) + 1.0)

//#include shared/elementwise.wgsl
