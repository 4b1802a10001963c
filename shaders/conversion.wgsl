// Conversion. Each variant is one expression of the operands x0, x1, …:
//   u32_to_f32         f32(x0)
//   i32_to_f32         f32(bitcast<i32>(x0))
//   f32_to_i32         i32(x0)
//   f32_to_u32         u32(x0)
//   f32_to_f16_pack    unpack2x16float(pack2x16float(vec2<f32>(x0, 0.0))).x
//   f32_to_f16         f32(f16(x0))
//   f16_to_f32         unpack2x16float(x0).x
//   narrow             f32(f16(unpack2x16float(x0).x * bitcast<f32>(control[1])))
//   narrow_add         f32(f16(unpack2x16float(x0).x * bitcast<f32>(control[1])) + f16(1000.0))
//   narrow_pack        unpack2x16float(pack2x16float(vec2<f32>(unpack2x16float(x0).x * bitcast<f32>(control[1]), 0.0))).x
//   narrow_pack_add    unpack2x16float(pack2x16float(vec2<f32>(unpack2x16float(pack2x16float(vec2<f32>(unpack2x16float(x0).x * bitcast<f32>(control[1]), 0.0))).x + 1000.0, 0.0))).x

//#include shared/elementwise.wgsl
