"""Drawings: what a reader must find in them, and that nothing hides anything else."""

from __future__ import annotations

import random
import struct
from itertools import combinations, pairwise
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from amber.architect import Operation
from amber.architect.places import NodePlace
from amber.drawing import draw, draw_svg
from amber.drawing.fold import fold
from amber.drawing.scene import Block, arrange, chips_of, make_scene
from amber.drawing.style import get_theme
from amber.errors import ConfigError
from amber.graph.describe import describe
from amber.graph.graph import ComputationGraph, ComputationNode

SVG = "{http://www.w3.org/2000/svg}"


def node(name, kind, parents=(), group="", merge_op="concatenate", **attributes):
    return ComputationNode(Operation(kind, **attributes), name, merge_op, parents, group)


def chain_graph(length=5):
    nodes = [node("x", "input", shape=(10,))]
    for index in range(length):
        nodes.append(node(f"d{index}", "dense", (nodes[-1].name,), units=32, activation="relu"))
    return ComputationGraph(nodes, ("x",), (nodes[-1].name,))


def residual_graph(layers=12, seed=0):
    rng = random.Random(seed)
    nodes = [node("input", "input", shape=(200, 4))]
    ends, last = [], "input"
    for layer in range(layers):
        group = f"L{layer}"
        nodes.append(node(f"{group}_conv", "conv1d", (last,), group, filters=64, kernel_size=8))
        nodes.append(node(f"{group}_relu", "activation", (f"{group}_conv",), group, activation="relu"))
        last = f"{group}_relu"
        skips = [end for end in ends[:-1] if rng.random() < 0.55]
        if skips:
            nodes.append(node(f"{group}_resAdd", "add", (last, *skips), group))
            last = f"{group}_resAdd"
        ends.append(last)
    nodes.append(node("flatten", "flatten", (last,), "head"))
    nodes.append(node("output", "dense", ("flatten",), "output", units=2, activation="sigmoid"))
    return ComputationGraph(nodes, ("input",), ("output",))


def many_input_graph(seed=1, inputs=6, layers=12):
    rng = random.Random(seed)
    blocks = [f"block{index}" for index in range(inputs)]
    nodes = [node(name, "input", shape=(8,)) for name in blocks]
    layer_names, outputs = [], []
    for layer in range(layers):
        parents = layer_names[-1:] + [name for name in layer_names[:-1] if rng.random() < 0.3]
        parents += [name for name in blocks if rng.random() < 0.3] or ([blocks[layer % inputs]] if not parents else [])
        nodes.append(node(f"layer{layer}", "dense", parents, f"L{layer}", units=16, activation="relu"))
        layer_names.append(f"layer{layer}")
        if layer in (4, 8):
            nodes.append(node(f"head{layer}", "dense", (layer_names[-1],), units=1))
            outputs.append(f"head{layer}")
    used = {parent for each in nodes for parent in each.parents}
    rest = [name for name in blocks if name not in used]
    nodes.append(node("final", "dense", (layer_names[-1], *rest), units=1))
    return ComputationGraph(nodes, blocks, (*outputs, "final"))


def tower_graph():
    nodes = [node(f"in{index}", "input", shape=(100, 4)) for index in range(4)]
    ends = []
    for index in range(4):
        last = f"in{index}"
        for step in range(2 + index % 3):
            nodes.append(node(f"t{index}_{step}", "conv1d", (last,), filters=16, kernel_size=5))
            last = f"t{index}_{step}"
        ends.append(last)
    nodes.append(node("merge", "concatenate", ends))
    nodes.append(node("out", "dense", ("merge",), units=3))
    return ComputationGraph(nodes, [f"in{index}" for index in range(4)], ("out",))


def reduction_graph():
    nodes = [node("input", "input", shape=(64, 4))]
    nodes.append(node("c0", "conv1d", ("input",), "L0", filters=8, kernel_size=3))
    nodes.append(node("c1", "conv1d", ("c0",), "L1", filters=8, kernel_size=3))
    for source in (0, 1):
        group, thin = NodePlace("reduction", 1), f"pool_at_1_from_{source}_conv"
        nodes.append(node(thin, "conv1d", (f"c{source}",), group, filters=16, kernel_size=1))
        nodes.append(node(f"pool_at_1_from_{source}", "maxpool1d", (thin,), group, pool_size=4))
    nodes.append(node("c2", "conv1d", ("pool_at_1_from_1",), "L2", filters=16, kernel_size=3))
    nodes.append(node("sum", "add", ("c2", "pool_at_1_from_0"), "L2"))
    return ComputationGraph(nodes, ("input",), ("sum",))


GRAPHS = {
    "chain": chain_graph(),
    "residual": residual_graph(),
    "residual dense": residual_graph(seed=7),
    "many inputs": many_input_graph(),
    "many inputs, other": many_input_graph(seed=5),
    "towers": tower_graph(),
    "reductions": reduction_graph(),
}
each_graph = pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS.keys())


def laid_out(graph):
    folded = fold(graph)
    return folded, arrange(folded, chips_of(folded, get_theme("light")))[1]


def texts(svg):
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@each_graph
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_svg_is_well_formed_and_names_every_box(graph, theme):
    svg = draw_svg(graph, title="A title", subtitle="and more", theme=theme)
    shown = texts(svg)
    assert shown[:2] == ["A title", "and more"]
    for each in graph.nodes:
        if not each.group.startswith("reduce"):
            assert any(text.split("  ")[0].split(" ")[0] == (each.group or each.name) for text in shown), each.name
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


@each_graph
def test_boxes_lie_apart_and_within_the_page(graph):
    _, layout = laid_out(graph)
    for a, b in combinations(layout.boxes.values(), 2):
        beside = a.x + a.width < b.x or b.x + b.width < a.x
        assert beside or a.bottom < b.y or b.bottom < a.y
    for box in layout.boxes.values():
        assert 0 <= box.x and box.x + box.width <= layout.width
        assert 0 <= box.y and box.bottom <= layout.height


@each_graph
def test_no_edge_passes_through_a_box_and_all_go_down(graph):
    folded, layout = laid_out(graph)
    assert {(route.source, route.target) for route in layout.routes} == set(folded.edges)
    for route in layout.routes:
        for (ax, ay), (bx, by) in pairwise(route.points):
            assert ax == bx or ay == by
            for key, box in layout.boxes.items():
                outside = (
                    max(ax, bx) <= box.x or min(ax, bx) >= box.x + box.width
                    or max(ay, by) <= box.y or min(ay, by) >= box.bottom
                )  # fmt: skip
                assert outside, (route, key)
        assert layout.boxes[route.source].y < layout.boxes[route.target].y


@each_graph
def test_runs_of_different_sources_never_lie_on_each_other(graph):
    _, layout = laid_out(graph)
    runs = [(r.source, r.target, a, b) for r in layout.routes for a, b in pairwise(r.points)]
    for (s1, t1, a, b), (s2, t2, c, d) in combinations(runs, 2):
        if s1 == s2:
            continue
        for fixed, along in ((0, 1), (1, 0)):
            if a[fixed] == b[fixed] == c[fixed] == d[fixed]:
                low = max(min(a[along], b[along]), min(c[along], d[along]))
                high = min(max(a[along], b[along]), max(c[along], d[along]))
                assert low >= high, (s1, t1, s2, t2)


def test_main_chain_is_straight_and_ends_lie_at_the_ends():
    folded, layout = laid_out(residual_graph())
    assert len({box.centre for box in layout.boxes.values()}) == 1
    folded, layout = laid_out(tower_graph())
    assert {layout.boxes[key].y for key in folded.inputs} == {0.0}
    assert {layout.boxes[key].bottom for key in folded.outputs} == {layout.height}


def page_boxes(graph, **options):
    """The boxes of a whole page by the first line of their tooltips, and the page."""
    scene = make_scene(graph, **{"title": "", "subtitle": "", "theme": "light", "costs": None, **options})
    blocks = [shape for shape in scene.shapes if isinstance(shape, Block) and shape.tooltip]
    return {block.tooltip.split(":")[0]: block.rect for block in blocks}, scene


def test_many_lines_from_inputs_become_labels_in_the_reading_boxes():
    graph = many_input_graph()
    folded = fold(graph)
    for box in folded.boxes:
        read = {f"node:{parent}" for name in box.members for parent in graph.node(name).parents} & set(folded.inputs)
        assert set(box.chips) == read
    assert not {a for a, _ in folded.edges} & set(folded.inputs)
    rects, scene = page_boxes(graph)
    assert set(graph.inputs) <= set(rects)
    below = min(rect.y for name, rect in rects.items() if name not in graph.inputs)
    assert all(rects[name].bottom < below for name in graph.inputs)
    for a, b in combinations(rects.values(), 2):
        assert a.x + a.width < b.x or b.x + b.width < a.x or a.bottom < b.y or b.bottom < a.y
    for rect in rects.values():
        assert 0 <= rect.x and rect.x + rect.width <= scene.width
    shown = texts(draw_svg(graph))
    for name in graph.inputs:
        readers = [each.group or each.name for each in graph.nodes if name in each.parents]
        assert shown.count(name) == len(readers)
    assert len(folded.hidden) == sum(len(box.chips) for box in folded.boxes)


def test_few_lines_from_inputs_are_drawn():
    folded = fold(tower_graph())
    assert folded.hidden == ()
    assert {a for a, _ in folded.edges} >= set(folded.inputs)
    assert "read by t0_0" in texts(draw_svg(tower_graph()))


def test_inputs_of_one_group_keep_their_own_boxes_and_unread_ones_say_so():
    nodes = [node(name, "input", group="input", shape=(3,)) for name in ("a", "b")]
    nodes.append(node("out", "dense", ("a",), units=1))
    shown = texts(draw_svg(ComputationGraph(nodes, ("a", "b"), ("out",))))
    assert "a  input 3" in shown and "b  input 3" in shown
    assert "read by out" in shown and "not read" in shown


def test_a_skip_from_the_layer_before_is_a_line_of_its_own():
    nodes = [
        node("x", "input", shape=(9, 4)),
        node("c0", "conv1d", ("x",), "L0", filters=4, kernel_size=1),
        node("c1", "conv1d", ("c0",), "L1", filters=4, kernel_size=1),
        node("sum", "add", ("c0", "c1"), "L1"),
        node("c2", "conv1d", ("sum",), "L2", filters=4, kernel_size=1),
    ]
    folded, layout = laid_out(ComputationGraph(nodes, ("x",), ("c2",)))
    assert folded.doubled == (("group:L0", "group:L1"),)
    main, bowed = [r for r in layout.routes if (r.source, r.target) == ("group:L0", "group:L1")]
    assert main.straight and not bowed.straight
    low, high = layout.boxes["group:L0"], layout.boxes["group:L1"]
    # It leaves one box and enters the other at the same side, with a run outside both.
    side = bowed.points[0][0]
    assert side in (low.x, low.x + low.width) and bowed.points[-1][0] in (high.x, high.x + high.width)
    assert any(x < low.x or x > low.x + low.width for x, _ in bowed.points)


def test_outputs_say_their_weight():
    graph = many_input_graph()
    shown = texts(draw_svg(graph))
    assert shown.count("output") == 3
    shown = texts(draw_svg(graph, loss_weights={"head4": 1.0, "final": 0.5}))
    assert {"output, loss weight 1", "output, loss weight 0.5", "output"} <= set(shown)
    assert "output" not in texts(draw_svg(chain_graph()))


def test_intermediate_outputs_are_labels_in_the_layers_they_read():
    graph = many_input_graph()
    heads = {"head4": 0.1, "head8": 0.1}
    aware = SimpleNamespace(nodes=graph.nodes, inputs=graph.inputs, outputs=("final", *heads), auxiliary=heads)
    folded = fold(aware)
    told = {box.key: box.exits for box in folded.boxes if box.exits}
    assert told == {f"group:L{layer}": (f"head{layer}, loss weight 0.1",) for layer in (4, 8)}
    shown = texts(draw_svg(aware))
    assert "head4, loss weight 0.1" in shown
    legend = "outlined label: an intermediate output on the layer"
    assert legend in shown and legend not in texts(draw_svg(graph))
    assert shown.count("output, loss weight 1") == 1
    assert "head8, loss weight 0.3" in texts(draw_svg(aware, loss_weights={"head8": 0.3}))
    assert "head4: dense" in draw_svg(aware)


def test_an_intermediate_output_of_several_layers_has_a_box():
    nodes = [node("x", "input", shape=(4,))]
    nodes += [node(name, "dense", ("x",), units=2) for name in ("a", "b")]
    nodes += [node(name, "dense", ("a", "b"), units=1) for name in ("out", "aux")]
    graph = SimpleNamespace(nodes=nodes, inputs=("x",), outputs=("out", "aux"), auxiliary={"aux": 0.2})
    shown = texts(draw_svg(graph))
    assert "aux  dense 1" in shown and "intermediate output, loss weight 0.2" in shown


def test_text_fits_its_page():
    scene = make_scene(many_input_graph(), title="T" * 300, subtitle="", theme="light", costs=None)
    assert len(scene.shapes[0].text) <= 90
    assert scene.width > 90 * 12


def test_group_is_titled_by_its_telling_operation():
    shown = texts(draw_svg(residual_graph()))
    assert "L0  conv1d 64 filters, kernel 8, relu" in shown
    assert any(text.startswith("add ") for text in shown)
    assert "output  dense 2 sigmoid" in shown


def test_reductions_fold_but_keep_their_edges():
    folded = fold(reduction_graph())
    reductions = [box for box in folded.boxes if box.family == "reduce"]
    assert len(reductions) == 1 and len(reductions[0].members) == 4
    assert reductions[0].title == "reduce /4, 16 filters"
    key = reductions[0].key
    assert {edge for edge in folded.edges if key in edge} == {
        ("group:L0", key), ("group:L1", key), (key, "group:L2")
    }  # fmt: skip


def test_group_that_would_make_a_cycle_stays_unfolded():
    nodes = [
        node("x", "input", shape=(4,)),
        node("a", "dense", ("x",), "g", units=1),
        node("b", "dense", ("a",), "between", units=1),
        node("c", "dense", ("b",), "g", units=1),
    ]
    folded = fold(ComputationGraph(nodes, ("x",), ("c",)))
    assert [box.members for box in folded.boxes] == [("x",), ("a",), ("b",), ("c",)]


def test_hostile_names_are_escaped():
    nasty = "<script>alert('&\"$x$')</script>"
    plain = [
        SimpleNamespace(name="x\x00", operation=Operation("input", shape=(3,)), parents=(), merge_op="add", group=""),
        SimpleNamespace(
            name=nasty, operation=Operation("dense", units=1), parents=("x\x00",), merge_op="add", group=""
        ),
    ]
    graph = SimpleNamespace(nodes=plain, inputs=("x\x00",), outputs=(nasty,))
    svg = draw_svg(graph, title=nasty, subtitle="]]>")
    assert "<script" not in svg
    assert texts(svg)[0] == nasty
    assert any(text.startswith(nasty) for text in texts(svg)[2:])


def test_costs_are_shown():
    graph = chain_graph(1)
    costs = SimpleNamespace(
        parameters=12345,
        flops=678,
        nodes={name: SimpleNamespace(output_shape=(50, 32), parameters=4321, flops=1) for name in ("x", "d0")},
    )
    shown = texts(draw_svg(graph, costs=costs))
    assert "50 x 32 · 4,321 parameters" in shown
    assert any("12,345 parameters" in text for text in shown)


def test_png_shows_the_same_page_at_twice_the_size(tmp_path):
    path = draw(residual_graph(), tmp_path / "net.png", theme="dark")
    data = path.read_bytes()
    scene = make_scene(residual_graph(), title="", subtitle="", theme="dark", costs=None)
    width, height = struct.unpack(">II", data[16:24])
    assert data[:4] == b"\x89PNG" and len(data) > 10_000
    assert abs(width - 2 * scene.width) <= 1 and abs(height - 2 * scene.height) <= 1


def test_drawing_is_deterministic(tmp_path):
    first, second = draw_svg(many_input_graph()), draw_svg(many_input_graph())
    assert first == second
    files = [draw(chain_graph(), tmp_path / name).read_bytes() for name in ("a.png", "b.png")]
    assert files[0] == files[1]


def test_svg_file_and_unknown_choices(tmp_path):
    path = draw(chain_graph(), tmp_path / "net.SVG", title="é")
    assert path.read_text(encoding="utf-8") == draw_svg(chain_graph(), title="é")
    with pytest.raises(ConfigError, match=r"\.pdf"):
        draw(chain_graph(), tmp_path / "net.pdf")
    with pytest.raises(ConfigError, match="sepia"):
        draw_svg(chain_graph(), theme="sepia")


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (
            Operation("conv1d", filters=64, kernel_size=8, activation="relu"),
            "conv1d 64 filters, kernel 8, relu",
        ),
        (Operation("maxpool1d", pool_size=4, strides=4), "maxpool1d, size 4, stride 4"),
        (Operation("identity"), "identity"),
        (Operation("dense", units=32, activation="relu"), "dense 32 relu"),
        (Operation("input", shape=(200, 4)), "input 200 x 4"),
    ],
)
def test_operations_in_words(operation, words):
    assert describe(operation) == words
