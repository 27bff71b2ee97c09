"""Places of boxes: levels from left to right, no two boxes in one place, chains drawn out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vitalfew.report.tree_layout import layered
from vitalfew.report.tree_picture import TreeEdge, TreeNode, tree_picture

boxes = st.dictionaries(st.text("abcdefgh", min_size=1, max_size=3), st.integers(0, 4), min_size=1, max_size=30)


@given(boxes, st.data())
def test_levels_stand_in_order_and_boxes_a_row_apart(levels: dict[str, int], data: st.DataObject) -> None:
    names = sorted(levels)
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names)), max_size=40))
    edges = [(cause, effect) for cause, effect in pairs if cause != effect]
    places = layered(levels, edges)
    assert set(places.at) == set(levels)
    for one in names:
        for other in names:
            (column, row), (beside, height) = places.at[one], places.at[other]
            if levels[one] < levels[other]:
                assert column < beside
            if one != other and column == beside:
                assert abs(row - height) >= 1 - 1e-6
    assert all(
        0 <= column < places.columns and 0 <= row <= places.rows - 1 + 1e-6 for column, row in places.at.values()
    )


def test_a_cause_of_the_same_level_stands_to_the_right() -> None:
    places = layered({"end": 1, "middle": 1, "start": 1}, [("start", "middle"), ("middle", "end")])
    assert [places.at[name][0] for name in ("end", "middle", "start")] == [0, 1, 2]


def test_metrics_that_move_each_other_in_a_circle_are_drawn_all_the_same() -> None:
    assert layered({"a": 1, "b": 1}, [("a", "b"), ("b", "a")]).columns >= 1


def test_text_in_a_picture_is_escaped() -> None:
    nodes = [TreeNode("a", "<b>bold</b>", "", 1, "metric"), TreeNode("b", "plain", "", 2, "metric")]
    drawn = tree_picture(nodes, [TreeEdge("b", "a", "tested", "+1 <i>", "0 to 2", 0.5, "it moves")], "A tree")
    assert "<b>" not in drawn
    assert "<i>" not in drawn
    assert "&lt;b&gt;bold" in drawn
