"""What threads share that match by classes."""

import pytest

import rumpattern as rp
from rumpattern.match import by_class
from rumpattern.match.bitsets import stack_sets


class Raced(by_class._Learned):
    """After some reads of the sets, another thread stores those of the classes that it counted before."""

    def __init__(self, paths, reads):
        super().__init__(paths)
        self.reads = reads
        self.latest = self.of([len(path) for path in paths])

    def of(self, counts):
        tables = [path.sets[:count] for path, count in zip(self.paths, counts, strict=True)]
        return by_class._CountedSets(counts, stack_sets(tables))

    @property
    def sets(self):
        latest = self.latest
        self.reads -= 1
        if self.reads == 0:
            self.latest = self.of([1 for _ in self.paths])
        return latest

    @sets.setter
    def sets(self, value):
        self.latest = value


@pytest.mark.parametrize("reads", [1, 2, 3])
def test_the_sets_are_those_of_the_classes_that_were_counted(reads):
    patterns = [{"a": [f"v{i}"], "b": [i], "event_type": ["t"]} for i in range(20)]
    engine = rp.compile([rp.MetricDefinition("m", pattern=rp.parse_pattern(pattern)) for pattern in patterns])
    engine.match(engine.batch([{"event_type": "t", "a": f"v{i}", "b": i} for i in range(20)]))
    (matcher,) = engine.kernel.of_type("t")
    sets = Raced(matcher.learned.paths, reads).stacked_sets().sets
    assert len(sets) == sum(map(len, matcher.learned.paths))
