// Builtins. Each variant is one expression of the operands x0, x1, …:
//   abs                abs(x0)
//   acos               acos(x0)
//   acosh              acosh(x0)
//   asin               asin(x0)
//   asinh              asinh(x0)
//   atan               atan(x0)
//   atanh              atanh(x0)
//   ceil               ceil(x0)
//   cos                cos(x0)
//   cosh               cosh(x0)
//   degrees            degrees(x0)
//   exp                exp(x0)
//   exp2               exp2(x0)
//   floor              floor(x0)
//   fract              fract(x0)
//   inverseSqrt        inverseSqrt(x0)
//   log                log(x0)
//   log2               log2(x0)
//   quantizeToF16      quantizeToF16(x0)
//   radians            radians(x0)
//   round              round(x0)
//   saturate           saturate(x0)
//   sign               sign(x0)
//   sin                sin(x0)
//   sinh               sinh(x0)
//   sqrt               sqrt(x0)
//   tan                tan(x0)
//   tanh               tanh(x0)
//   trunc              trunc(x0)
//   atan2              atan2(x0, x1)
//   pow                pow(x0, x1)
//   max                max(x0, x1)
//   min                min(x0, x1)
//   step               step(x0, x1)
//   clamp              clamp(x0, x1, x2)
//   select             select(x0, x1, x2 < 0.0)
//   cross              cross(vec3(x0, x1, x0), vec3(x2, x3, x3)).z
//   determinant        determinant(mat2x2(x0, x1, x2, x3))
//   transpose          transpose(mat2x2(x0, x1, x0, x1))[1].x
//   dot                dot(vec3(x0, x1, x2), vec3(x3, x4, x5))
//   length             length(vec3(x0, x1, x2))
//   distance           distance(vec3(x0, x1, x2), vec3(x3, x4, x5))
//   normalize          normalize(vec3(x0, x1, x2)).x
//   faceForward        faceForward(vec3(x0, x1, x2), vec3(x3, x4, x5), vec3(x1, x0, x3)).x
//   reflect            reflect(vec3(x0, x1, x2), vec3(x3, x4, x5)).x
//   refract            refract(vec3(x0, x1, x2), vec3(x3, x4, x5), x6).x
//   mix                mix(x0, x1, x2)
//   smoothstep         smoothstep(x0, x1, x2)
//   ldexp              ldexp(x0, i32(x1))
//   frexp_fract        frexp(x0).fract
//   frexp_exp          frexp(x0).exp
//   modf_fract         modf(x0).fract
//   modf_whole         modf(x0).whole
//   pack4x8snorm       bitcast<i32>(pack4x8snorm(vec4<f32>(x0, 0.0, 0.0, 0.0)) << 24u) >> 24u
//   pack4x8unorm       i32(pack4x8unorm(vec4<f32>(x0, 0.0, 0.0, 0.0)) & 0xffu)
//   pack2x16snorm      bitcast<i32>(pack2x16snorm(vec2<f32>(x0, 0.0)) << 16u) >> 16u
//   pack2x16unorm      i32(pack2x16unorm(vec2<f32>(x0, 0.0)) & 0xffffu)
//   unpack4x8snorm     unpack4x8snorm(x0).x
//   unpack4x8unorm     unpack4x8unorm(x0).x
//   unpack2x16snorm    unpack2x16snorm(x0).x
//   unpack2x16unorm    unpack2x16unorm(x0).x

//#include shared/elementwise.wgsl
