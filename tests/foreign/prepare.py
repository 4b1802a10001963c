#!/usr/bin/env python3
"""Makes the shaders in this folder from the published crates, as each crate's own build does.

    prepare.py CRATES    (CRATES holds the unpacked crates: CRATES/web-rwkv-0.10.20/src/shaders/…)

No line of a shader is changed: conditional lines are chosen, macros and templates are filled in, and imports are put
where they are asked for. The folder names, the crates' own sources of these steps, and the licences are in README.md.
wonnx's templates need Python's jinja2, whose language is the one of the crate's template engine but for the few words
that `TERA` translates.
"""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
CRATES = pathlib.Path(sys.argv[1])


def conditional(text, defined, values=None):
    """`#ifdef`, `#ifndef`, `#if NAME == VALUE`, `#else` and `#endif`."""
    lines, active = [], []
    for line in text.splitlines():
        words = line.strip().split()
        head = words[0] if words else ""
        if head == "#ifdef":
            active.append(words[1] in defined)
        elif head == "#ifndef":
            active.append(words[1] not in defined)
        elif head == "#if":
            active.append(str((values or {}).get(words[1])) == words[3])
        elif head == "#else":
            active[-1] = not active[-1]
        elif head == "#endif":
            active.pop()
        elif all(active):
            lines.append(line)
    return "\n".join(lines) + "\n"


def macros(text, defined):
    """web-rwkv: `#ifdef` and textual macros (src/context.rs, src/tensor/ops.rs)."""
    text = conditional(text, defined)
    # Longer names first; a macro's text is not searched again.
    names = sorted((n for n, v in defined.items() if v), key=len, reverse=True)
    return re.sub(r"\b(" + "|".join(names) + r")\b", lambda m: defined[m[0]], text)


def activations():
    """The functions that `// ACTIVATION_DEFINE` becomes, from the crate's source."""
    source = (CRATES / "web-rwkv-0.10.20/src/tensor/ops.rs").read_text()
    return re.search(r'const ACTIVATION_DEFINE: &str = "(.*?)";', source, re.S)[1]


def rwkv(name, act=None, **defined):
    defined = {k: (f"{v}u" if isinstance(v, int) and not isinstance(v, bool) else "" if v is True else v)
               for k, v in defined.items()}
    if act is not None:
        defined |= {"ACTIVATION_DEFINE": activations(), "ACT": act}
    # An activation of nothing leaves `ACT(x)` as `(x)`: a macro with an empty text.
    text = (CRATES / f"web-rwkv-0.10.20/src/shaders/{name}.wgsl").read_text()
    if act == "":
        text = re.sub(r"\bACT\(", "(", text)
    return macros(text, defined)


def vello(name, *defined):
    """vello: conditionals, and `#import NAME` of shader/shared/NAME.wgsl (src/compile/preprocess.rs)."""
    root = CRATES / "vello_shaders-0.11.0/shader"

    def one(path):
        text = conditional(path.read_text(), defined)
        return re.sub(r"^#import (\w+)\n", lambda m: one(root / f"shared/{m[1]}.wgsl"), text, flags=re.M)

    return one(root / f"{name}.wgsl")


IMPORTS = {
    "wgblas::shape": "wgebra-0.2.0/src/linalg/shape.wgsl",
    "wgebra::quat": "wgebra-0.2.0/src/geometry/quat.wgsl",
    "wgebra::rot2": "wgebra-0.2.0/src/geometry/rot2.wgsl",
    "wgebra::sim2": "wgebra-0.2.0/src/geometry/sim2.wgsl",
    "wgebra::sim3": "wgebra-0.2.0/src/geometry/sim3.wgsl",
    "wgrapier::body": "wgrapier3d-0.2.0/src/dynamics/body.wgsl",
}
# The aliases that wgrapier3d's Rust code declares for three dimensions.
ALIASES = "alias Vector = vec3<f32>;\nalias AngVector = vec3<f32>;\nalias Transform = wgebra_sim3_Sim3;\n"


def naga_oil(path, redirect=None, test=None):
    """wgebra, wgml, wgrapier: `#import PATH as NAME` in the manner of naga_oil, which prefixes an imported module's
    names. `redirect` says which function stands for another (`redirect_function` in the crate's Rust code), `test` is
    the crate's own test whose kernel is appended."""
    done = []

    def module(text, prefix):
        text = conditional(text, (), {"DIM": 3})
        text = re.sub(r"^\s*#define_import_path .*\n", "", text, flags=re.M)
        own = re.findall(r"^\s*(?:fn|struct|const|alias) *(\w+)", text, re.M) if prefix else []
        before, names = "", {}
        for target, alias in re.findall(r"^\s*#import ([\w:]+) as (\w+);?", text, re.M):
            names[alias] = target.replace("::", "_")
            if target not in done:
                done.append(target)
                before += module((CRATES / IMPORTS[target]).read_text(), names[alias])
        text = re.sub(r"^\s*#import .*\n", "", text, flags=re.M)
        if own:
            names_of_module = re.compile(r"(?<![\w.:])(" + "|".join(own) + r")\b(?!:)")
            comment = re.compile(r"^\s*//")
            text = "".join(line if comment.match(line) else names_of_module.sub(rf"{prefix}_\1", line)
                           for line in text.splitlines(keepends=True))
        for alias, target in names.items():
            text = re.sub(rf"\b{alias}::", f"{target}_", text)
        if prefix == "wgrapier_body":
            text = ALIASES + text
        return before + text

    text = (CRATES / path).read_text()
    if test:
        kernel = re.search(r'let test_kernel = r#"\n(.*?)\n *"#;', (CRATES / test).read_text(), re.S)[1]
        text += "\n" + kernel + "\n"
    text = module(text, "")
    for old, new in (redirect or {}).items():
        text = re.sub(rf"(?<!fn )\b{old}\(", f"{new}(", text)
    return text


def radix_sort(subgroup):
    """wgpu_sort: constants put before the text, and three names in braces filled in (src/lib.rs)."""
    sweep0 = 256 // subgroup
    sweep1 = sweep0 // subgroup
    constants = {
        "histogram_sg_size": subgroup, "histogram_wg_size": 256, "rs_radix_log2": 8, "rs_radix_size": 256,
        "rs_keyval_size": 4, "rs_histogram_block_rows": 15, "rs_scatter_block_rows": 15,
        "rs_mem_dwords": 256 + 15 * 256, "rs_mem_sweep_0_offset": 0, "rs_mem_sweep_1_offset": sweep0,
        "rs_mem_sweep_2_offset": sweep0 + sweep1,
    }
    text = (CRATES / "wgpu_sort-0.1.0/src/radix_sort.wgsl").read_text()
    text = "".join(f"const {name}: u32 = {value}u;\n" for name, value in constants.items()) + text
    for name, value in {"histogram_wg_size": 256, "prefix_wg_size": 128, "scatter_wg_size": 256}.items():
        text = text.replace("{" + name + "}", str(value))
    return text


# What the crate's template engine writes otherwise than jinja2.
TERA = [
    (r"\| *length *== *(\d)", r"| length == \1"),
    (r"set_global", "set"),
    (r"replace\(from=(\"\w+\"), to=(\"\w*\")\)", r"replace(\1, \2)"),
    (r"range\(end *= *(\w+)\)", r"range(\1)"),
    (r"nth\(n=loop.index0\)", "nth(loop.index0)"),
    (r"\{\{ *([^{}|]*?) */ *4 *\| *int *\}\}", r"{{ (\1 / 4) | int }}"),
    (r"\{\{ *([^{}|]*?) */ *(kernel_size|chunk_size) *\| *int *\}\}", r"{{ (\1 / \2) | int }}"),
]


def wonnx(name, **values):
    """wonnx: templates filled in as src/compiler.rs does for one node of a graph."""
    import jinja2

    def load(name):
        text = (CRATES / f"wonnx-0.5.1/templates/{name}").read_text()
        for pattern, replacement in TERA:
            text = re.sub(pattern, replacement, text)
        return text

    environment = jinja2.Environment(loader=jinja2.FunctionLoader(load), keep_trailing_newline=True)
    environment.filters["nth"] = lambda values, n: values[n]
    return environment.get_template(f"{name}.wgsl").render(
        scalar_type="f32", scalar_type_is_float=True, **({"workgroup_size_x": 64, "workgroup_size_y": 1} | values))


def chunks(shape):
    """The number of elements in one step of each dimension."""
    out = [1]
    for size in reversed(shape[1:]):
        out.insert(0, out[0] * size)
    return out


def convolution(op, inputs, outputs, kernel, pad, bias, groups=1):
    return {
        "op_type": op, "i_lens": [0] * (3 if bias else 2), "i_shape": [inputs], "i_chunks": [chunks(inputs)],
        "o_shape": [outputs], "o_chunks": [chunks(outputs)], "o_lens": [chunks(outputs)[0] * outputs[0]],
        "original_height": inputs[2], "original_width": inputs[3], "width": outputs[3], "height": outputs[2],
        "channel": inputs[1], "kernel_shape": kernel, "kernel_length": kernel[0] * kernel[1],
        "kernel_channel_len": kernel[0] * kernel[1] * inputs[1] // groups, "groups": groups,
        "channels_per_group": inputs[1] // groups, "stride": [1, 1], "dilation": [1, 1], "pad": pad,
        "count_include_pad": 0, "alpha": 1, "beta": 1,
    }


SUBGROUPS = {"MIN_SUBGROUP_SIZE": 4, "MAX_SUBGROUP_SIZE": 128, "SUBGROUP_SIZE_4_128": True, "BLOCK_SIZE": 128}


def shaders():
    r = "web-rwkv-0.10.20"
    yield r, "softmax", rwkv("softmax", BLOCK_SIZE=128)
    yield r, "layer_norm", rwkv("layer_norm", BLOCK_SIZE=128, STATS=True, EPS="0.00001")
    yield r, "group_norm_fp16", rwkv("layer_norm", BLOCK_SIZE=128, GROUP_NORM=True, FP16=True, EPS="0.00001")
    yield r, "normalize", rwkv("normalize", BLOCK_SIZE=128, EPS="0.00001")
    yield r, "matmul_vec_fp16", rwkv("matmul_vec_fp16", "squared_relu", BLOCK_SIZE=128)
    yield r, "matmul_vec_fp16_out", rwkv("matmul_vec_fp16", "sigmoid", BLOCK_SIZE=128, IN_FP16=True, OUT_FP16=True)
    yield r, "matmul_vec_int8", rwkv("matmul_vec_int8", "", BLOCK_SIZE=128, INT8_BLOCK_SIZE=128)
    yield r, "matmul_vec_nf4", rwkv("matmul_vec_nf4", "", BLOCK_SIZE=128, NF4_BLOCK_SIZE=64)
    yield r, "matmul_mat_fp16", rwkv("matmul_mat_fp16", "", BLOCK_SIZE=8)
    yield r, "matmul_mat_int8", rwkv("matmul_mat_int8", "custom_tanh", BLOCK_SIZE=8, INT8_BLOCK_SIZE=128)
    yield r, "quant_mat_int8", rwkv("quant_mat_int8", BLOCK_SIZE=128, INT8_BLOCK_SIZE=128)
    yield r, "quant_mat_nf4", rwkv("quant_mat_nf4", BLOCK_SIZE=128, NF4_BLOCK_SIZE=64)
    yield r, "time_mix_v4", rwkv("time_mix_v4", BLOCK_SIZE=128)
    yield r, "time_mix_v6", rwkv("time_mix_v6", BLOCK_SIZE=32, HEAD_SIZE=8)
    yield r, "time_mix_v7", rwkv("time_mix_v7", "", BLOCK_SIZE=32, HEAD_SIZE=8)
    yield r, "token_shift", rwkv("token_shift", BLOCK_SIZE=128)
    yield r, "channel_mix", rwkv("channel_mix", BLOCK_SIZE=128)
    yield r, "lerp", rwkv("lerp", BLOCK_SIZE=128, REVERSED=True)
    yield r, "reshape_fp16", rwkv("reshape", BLOCK_SIZE=128, OUT_FP16=True)
    yield r, "control_k_v7", rwkv("control_k_v7", BLOCK_SIZE=128)
    yield r, "blend_lora", rwkv("blend_lora", BLOCK_SIZE=8)
    yield r, "activation", rwkv("activation", "stable_exp", BLOCK_SIZE=128, FP16=True)
    yield r, "subgroup_softmax", rwkv("subgroup/softmax", **SUBGROUPS)
    yield r, "subgroup_normalize", rwkv("subgroup/normalize", EPS="0.00001", **SUBGROUPS)
    yield r, "subgroup_matmul_vec_fp16", rwkv("subgroup/matmul_vec_fp16", "", **SUBGROUPS)

    v = "vello_shaders-0.11.0"
    for name in ["pathtag_reduce", "pathtag_reduce2", "pathtag_scan1", "bbox_clear", "flatten", "draw_reduce",
                 "draw_leaf", "clip_reduce", "clip_leaf", "binning", "tile_alloc", "path_count_setup", "path_count",
                 "backdrop_dyn", "coarse", "path_tiling_setup", "path_tiling"]:
        yield v, name, vello(name)
    yield v, "pathtag_scan_small", vello("pathtag_scan", "small")
    yield v, "pathtag_scan_large", vello("pathtag_scan")

    yield "wgpu_sort-0.1.0", "radix_sort", radix_sort(4)

    g = "wgebra-0.2.0"
    for name in ["sim2", "sim3"]:
        path = f"wgebra-0.2.0/src/geometry/{name}"
        yield g, name, naga_oil(f"{path}.wgsl", test=f"{path}.rs")
    sum_of_squares = {"init_placeholder": "init_zero", "workspace_placeholder": "reduce_sqnorm_f32",
                      "reduce_placeholder": "reduce_sum_f32"}
    yield g, "reduce", naga_oil("wgebra-0.2.0/src/linalg/reduce.wgsl", sum_of_squares)
    yield g, "gemv", naga_oil("wgebra-0.2.0/src/linalg/gemv.wgsl")
    yield g, "op_assign", naga_oil("wgebra-0.2.0/src/linalg/op_assign.wgsl", {"placeholder": "div_f32"})

    m = "wgml-0.2.0"
    for name in ["rms_norm", "layernorm", "softmax", "rope", "silu", "batched_multiquery_attention"]:
        yield m, name, naga_oil(f"wgml-0.2.0/src/ops/{name}.wgsl")
    yield m, "unary", naga_oil("wgml-0.2.0/src/ops/unary.wgsl", {"placeholder": "gelu_f32"})

    yield "wgrapier3d-0.2.0", "integrate", naga_oil("wgrapier3d-0.2.0/src/dynamics/integrate.wgsl")

    w = "wonnx-0.5.1"
    yield w, "gemm", wonnx("matrix/gemm", workgroup_size_x=48, i_lens=[0, 0, 0], kernel_size=4, n_chunks=6, k_chunks=4, alpha=1, beta=1,
                           left_shape=[32, 16], right_shape=[16, 24], bias_shape=[32, 24], stack_left_stride=0,
                           stack_right_stride=0, stack_output_stride=0, bias_broadcast_rows=False,
                           bias_broadcast_columns=False)
    yield w, "conv", wonnx("pool/conv", **convolution("ConvRelu", [1, 3, 9, 11], [1, 5, 9, 11], [3, 3], [1, 1], True))
    yield w, "conv_kernel_3", wonnx("pool/conv_kernel_3", **convolution(
        "Conv", [1, 3, 9, 11], [1, 8, 9, 11], [3, 3], [1, 1], True))
    yield w, "max_pool", wonnx("pool/aggregate", **convolution(
        "MaxPool", [1, 8, 9, 11], [1, 8, 9, 11], [3, 3], [1, 1], False))
    yield w, "average_pool", wonnx("pool/aggregate", **convolution(
        "AveragePool", [1, 3, 9, 11], [1, 3, 9, 11], [3, 3], [1, 1], False))
    yield w, "batch_normalization", wonnx("endomorphism/batchnormalization", elem_type="f32", batch_size=120,
                                          channel_size=40, epsilon="0.00001")
    yield w, "resize", wonnx("matrix/resize", o_lens=[2 * 12 * 18], o_chunks=[chunks([1, 2, 12, 18])],
                             i_chunks=[chunks([1, 2, 5, 7])], scales=["1.0", "1.0", "2.4", "2.6"])
    yield w, "transpose", wonnx("matrix/transpose", o_lens=[5 * 4 * 6], o_chunks=[chunks([5, 4, 6])],
                                permuted_chunks=[6, 30, 1])
    yield w, "pow", wonnx("endomorphism/arithmetic", i_lens=[0, 0], op_type="Pow")
    yield w, "gather", wonnx("endomorphism/gather", chunk_type="vec4<f32>", chunk_size=4,
                             i_chunks=[[16]], i_shape=[[12]])
    yield w, "reduce_log_sum_exp", wonnx("pool/reduce", op_type="ReduceLogSumExp", o_lens=[4 * 5],
                                         chunks_with_dims_preserved=chunks([4, 1, 5]), axes=[1], i_shape=[[4, 9, 5]],
                                         i_chunks=[chunks([4, 9, 5])])


LICENCES = {"vello_shaders-0.11.0": "Apache-2.0 OR MIT", "wgpu_sort-0.1.0": "BSD-2-Clause"}

for folder, name, text in shaders():
    crate, version = folder.rsplit("-", 1)
    licence = LICENCES.get(folder, "MIT OR Apache-2.0")
    notice = f"// From {crate} {version} ({licence}), preprocessed by tests/foreign/prepare.py: see tests/foreign/README.md.\n"
    lines = "\n".join(line.rstrip() for line in text.strip("\n").splitlines())
    (HERE / folder).mkdir(exist_ok=True)
    (HERE / folder / f"{name}.wgsl").write_text(notice + lines + "\n")
