//! Control flow: an arbitrary graph of blocks becomes WebAssembly's nested blocks, loops and ifs.
//!
//! Reducible graphs are structured from their dominator tree (Ramsey, "Beyond Relooper", ICFP 2022). A strongly connected
//! part with several entries (gcc emits such loops, and every extra entry point of a region makes one) gets one selector
//! node in front: edges from outside to an entry set a number and go to the selector, which dispatches on it. So do edges
//! from inside to the part's header, the entry that the function's start leads to; those to other entries stay, and
//! with them the loops inside. So a region can be entered at any block that asks for it, and a loop costs one `br_table`
//! an iteration only where something in it can be entered too.
//!
//! Knows nothing of instructions: `lower` says what a node does, this says in which order and how deep.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// Where a block goes at its end. Numbers are blocks of the [`Graph`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// Always there.
    Goto(usize),
    /// The block leaves an i32 condition on the wasm stack: first if it is not 0.
    If(usize, usize),
    /// The block leaves an i32 index on the wasm stack; past the end it is the last target.
    Switch(Vec<usize>),
    /// Nowhere in this graph: the block leaves the function by itself.
    Leave,
}

/// Blocks with their ends and the ones that can be entered from outside, in the order of their entry number.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    /// One per block.
    pub next: Vec<Next>,
    /// Entry points; the first is the function's start. The entry number selects one, past the end the last.
    pub entries: Vec<usize>,
}

/// One step of structured output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// The code of a block.
    Block(usize),
    /// Push whether the first entry is wanted.
    PushIsFirst,
    /// Push the number of the wanted entry.
    PushEntry,
    /// Set the selector local to this.
    SetSelector(u32),
    /// Set the selector local to the index on the stack, which stays there.
    TeeSelector,
    /// Add this to the selector local.
    AddSelector(i32),
    /// Push the selector local.
    PushSelector,
    /// `block`.
    OpenBlock,
    /// `loop`.
    OpenLoop,
    /// `if` on the condition on the stack.
    OpenIf,
    /// `else`.
    Else,
    /// `end`.
    End,
    /// `br`.
    Br(u32),
    /// `br_table`: targets, the last one is the default.
    BrTable(Vec<u32>),
}

/// A node after repair.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Node {
    /// The start: by far most calls want the first entry.
    Root,
    /// Dispatches on the entry number.
    Entries,
    Block(usize),
    /// Sets the selector on its way.
    Set(u32),
    /// Moves the index of the switch before it to where its targets are in the selector's.
    Move(i32),
    /// Dispatches on the selector.
    Selector,
}

struct Repaired {
    nodes: Vec<Node>,
    next: Vec<Next>,
}

/// The steps that run `graph`: together they never fall off the end.
pub(super) fn structure(graph: &Graph) -> Vec<Step> {
    let repaired = repair(graph);
    let mut writer = Writer::new(&repaired);
    writer.tree(0);
    writer.steps
}

impl Next {
    /// All of them.
    pub(super) fn targets(&self) -> Vec<usize> {
        match self {
            Next::Goto(a) => vec![*a],
            Next::If(a, b) => vec![*a, *b],
            Next::Switch(all) => all.clone(),
            Next::Leave => vec![],
        }
    }
    fn targets_mut(&mut self) -> Vec<&mut usize> {
        match self {
            Next::Goto(a) => vec![a],
            Next::If(a, b) => vec![a, b],
            Next::Switch(all) => all.iter_mut().collect(),
            Next::Leave => vec![],
        }
    }
}

/// Adds the root and puts a selector in front of every strongly connected part with several entries.
fn repair(graph: &Graph) -> Repaired {
    let mut nodes = vec![Node::Root];
    nodes.extend((0..graph.next.len()).map(Node::Block));
    let first = graph.entries[0] + 1;
    let many = graph.entries.len() > 1;
    let mut next = vec![if many { Next::If(first, nodes.len()) } else { Next::Goto(first) }];
    next.extend(graph.next.iter().cloned().map(|mut end| {
        end.targets_mut().into_iter().for_each(|target| *target += 1);
        end
    }));
    if many {
        // Number 0 does not come here.
        let entries = graph.entries.iter().skip(1).map(|entry| entry + 1);
        nodes.push(Node::Entries);
        next.push(Next::Switch(core::iter::once(graph.entries[1] + 1).chain(entries).collect()));
    }
    let mut repaired = Repaired { nodes, next };
    let is_usual = from_start(&repaired.next, first);
    let reachable = reachable(&repaired.next);
    // Parts still to look at; a worklist, because the nesting of hostile code can be deep.
    let mut parts = vec![reachable];
    while let Some(part) = parts.pop() {
        for mut component in components(&repaired.next, &part) {
            let header = header_of(&mut repaired, &mut component, &is_usual);
            component.retain(|&node| node != header);
            if !component.is_empty() {
                parts.push(component);
            }
        }
    }
    repaired
}

/// The nodes that `first` reaches.
fn from_start(next: &[Next], first: usize) -> Vec<bool> {
    let mut seen = vec![false; next.len()];
    let mut stack = vec![first];
    while let Some(node) = stack.pop() {
        if !core::mem::replace(&mut seen[node], true) {
            stack.extend(next[node].targets());
        }
    }
    seen
}

/// The single entry of a strongly connected part, made when there are several. `is_usual`: the nodes that the function's
/// start leads to.
fn header_of(graph: &mut Repaired, component: &mut Vec<usize>, is_usual: &[bool]) -> usize {
    let mut inside = vec![false; graph.next.len()];
    component.iter().for_each(|&node| inside[node] = true);
    let (mut entered, mut usually) = (vec![false; graph.next.len()], vec![false; graph.next.len()]);
    for (from, end) in graph.next.iter().enumerate() {
        if !inside[from] {
            for to in end.targets().into_iter().filter(|&to| inside[to]) {
                entered[to] = true;
                usually[to] |= is_usual.get(from).copied().unwrap_or(false);
            }
        }
    }
    let mut entries: Vec<usize> = component.iter().copied().filter(|&node| entered[node]).collect();
    // A part that nothing enters cannot be reached: `reachable` dropped those, so there is at least one.
    if entries.len() == 1 {
        return entries[0];
    }
    // What switches lead to is mostly in order of address.
    entries.sort_unstable();
    // Without its edges from inside the rest falls into smaller parts.
    let header = entries.iter().copied().filter(|&node| usually[node]).min().unwrap_or(entries[0]);
    let selector = graph.nodes.len();
    graph.nodes.push(Node::Selector);
    graph.next.push(Next::Leave);
    let mut targets = entries.clone();
    #[expect(clippy::needless_range_loop, reason = "`graph.next` changes in the loop")]
    for from in 0..selector {
        let number_of = |target: &usize| {
            let is_kept = inside[from] && *target != header;
            if is_kept { None } else { entries.binary_search(target).ok() }
        };
        let numbers: Vec<Option<usize>> = graph.next[from].targets().iter().map(number_of).collect();
        if numbers.iter().all(Option::is_none) {
            continue;
        }
        let moved = if let Next::Switch(_) = graph.next[from] { moved(&numbers) } else { 0..0 };
        let mut way = |graph: &mut Repaired, node: Node| {
            graph.nodes.push(node);
            graph.next.push(Next::Goto(selector));
            if inside[from] {
                component.push(graph.nodes.len() - 1);
            }
            graph.nodes.len() - 1
        };
        let mut by_move = None;
        if !moved.is_empty() {
            by_move = Some(way(graph, Node::Move(targets.len() as i32 - moved.start as i32)));
            targets.extend(numbers[moved.clone()].iter().map(|number| entries[number.unwrap_or(0)]));
        }
        let mut way_of = |(slot, number): (usize, &Option<usize>)| match by_move.filter(|_| moved.contains(&slot)) {
            Some(to) if number.is_some() => Some(to),
            _ => Some(way(graph, Node::Set((*number)? as u32))),
        };
        let ways: Vec<Option<usize>> = numbers.iter().enumerate().map(&mut way_of).collect();
        for (target, way) in graph.next[from].targets_mut().into_iter().zip(ways) {
            *target = way.unwrap_or(*target);
        }
    }
    graph.next[selector] = match targets[..] {
        // A jump through a table costs several times a branch.
        [first, second] => Next::If(second, first),
        _ => Next::Switch(targets),
    };
    component.push(selector);
    selector
}

/// The slots of a switch whose targets are to be copied into a selector's, so that one node leads there for all of them.
/// A node that sets a number for each would do, but engines load all these constants ahead of the loop, in each turn of the
/// loop around it. Never the last slot: what is past the end goes there, too.
fn moved(numbers: &[Option<usize>]) -> Range<usize> {
    let usual = &numbers[..numbers.len().saturating_sub(1)];
    let Some(first) = usual.iter().position(Option::is_some) else { return 0..0 };
    let end = usual.iter().rposition(Option::is_some).map_or(first, |last| last + 1);
    let count = usual.iter().flatten().count();
    if count > 2 && end - first <= 4 * count { first..end } else { 0..0 }
}

/// All nodes that node 0 reaches.
fn reachable(next: &[Next]) -> Vec<usize> {
    let mut seen = vec![false; next.len()];
    let mut stack = vec![0];
    let mut all = Vec::new();
    while let Some(node) = stack.pop() {
        if !core::mem::replace(&mut seen[node], true) {
            all.push(node);
            stack.extend(next[node].targets());
        }
    }
    all
}

/// The strongly connected components of the subgraph `part` that hold a cycle (Tarjan, with an explicit stack).
fn components(next: &[Next], part: &[usize]) -> Vec<Vec<usize>> {
    const NEW: u32 = u32::MAX;
    let mut inside = vec![false; next.len()];
    part.iter().for_each(|&node| inside[node] = true);
    let (mut index, mut low) = (vec![NEW; next.len()], vec![0u32; next.len()]);
    let mut on_stack = vec![false; next.len()];
    let (mut stack, mut found, mut counter) = (Vec::new(), Vec::new(), 0);
    for &root in part {
        if index[root] != NEW {
            continue;
        }
        let mut calls: Vec<(usize, Vec<usize>)> = Vec::new();
        let mut enter = Some(root);
        loop {
            if let Some(node) = enter.take() {
                index[node] = counter;
                low[node] = counter;
                counter += 1;
                stack.push(node);
                on_stack[node] = true;
                calls.push((node, next[node].targets()));
            }
            let Some((node, left)) = calls.last_mut() else { break };
            let node = *node;
            if let Some(to) = left.pop() {
                if !inside[to] {
                } else if index[to] == NEW {
                    enter = Some(to);
                } else if on_stack[to] {
                    low[node] = low[node].min(index[to]);
                }
                continue;
            }
            calls.pop();
            if let Some((parent, _)) = calls.last() {
                low[*parent] = low[*parent].min(low[node]);
            }
            if low[node] == index[node] {
                let mut component = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    component.push(member);
                    if member == node {
                        break;
                    }
                }
                if component.len() > 1 || next[node].targets().contains(&node) {
                    found.push(component);
                }
            }
        }
    }
    found
}

/// Writes the structured form of a reducible graph.
struct Writer<'a> {
    graph: &'a Repaired,
    /// Position in reverse postorder.
    order: Vec<usize>,
    /// Children in the dominator tree that several edges (or a switch) lead to, last in order first.
    merges: Vec<Vec<usize>>,
    is_merge: Vec<bool>,
    is_header: Vec<bool>,
    frames: Vec<Frame>,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    /// A `br` here goes to the code after the block: that node.
    Before(usize),
    /// A `br` here goes to the loop's header: that node.
    Loop(usize),
    If,
}

/// What is left to do, so that deep graphs do not overflow the stack.
enum Todo {
    Tree(usize),
    /// The node with this many of its merge children still to be wrapped around it.
    Within(usize, usize),
    Leaf(usize),
    Branch(usize, usize),
    Else,
    Close,
}

impl<'a> Writer<'a> {
    fn new(graph: &'a Repaired) -> Writer<'a> {
        let count = graph.next.len();
        let rpo = reverse_postorder(&graph.next);
        let mut order = vec![usize::MAX; count];
        rpo.iter().enumerate().for_each(|(at, &node)| order[node] = at);
        let parent = dominators(&graph.next, &rpo, &order);
        let (mut forward, mut is_header) = (vec![0u32; count], vec![false; count]);
        for &node in &rpo {
            let is_switch = matches!(graph.next[node], Next::Switch(_));
            for to in graph.next[node].targets() {
                if order[to] <= order[node] {
                    is_header[to] = true;
                } else {
                    // A `br_table` can only name labels, so what it leads to is a merge even when nothing else does.
                    forward[to] += if is_switch { 2 } else { 1 };
                }
            }
        }
        let is_merge: Vec<bool> = forward.iter().map(|&edges| edges > 1).collect();
        let mut merges = vec![Vec::new(); count];
        for &node in rpo.iter().rev() {
            if node != 0 && is_merge[node] {
                merges[parent[node]].push(node);
            }
        }
        Writer { graph, order, merges, is_merge, is_header, frames: Vec::new(), steps: Vec::new() }
    }

    fn tree(&mut self, root: usize) {
        let mut todo = vec![Todo::Tree(root)];
        while let Some(work) = todo.pop() {
            match work {
                Todo::Tree(node) => {
                    if self.is_header[node] {
                        self.open(Step::OpenLoop, Frame::Loop(node));
                        todo.push(Todo::Close);
                    }
                    todo.push(Todo::Within(node, 0));
                }
                Todo::Within(node, done) => match self.merges[node].get(done).copied() {
                    Some(merge) => {
                        self.open(Step::OpenBlock, Frame::Before(merge));
                        todo.extend([Todo::Tree(merge), Todo::Close, Todo::Within(node, done + 1)]);
                    }
                    None => todo.push(Todo::Leaf(node)),
                },
                Todo::Leaf(node) => self.leaf(node, &mut todo),
                Todo::Branch(from, to) => {
                    if self.order[to] <= self.order[from] {
                        self.br(Frame::Loop(to));
                    } else if self.is_merge[to] {
                        self.br(Frame::Before(to));
                    } else {
                        todo.push(Todo::Tree(to));
                    }
                }
                Todo::Else => self.steps.push(Step::Else),
                Todo::Close => {
                    self.frames.pop();
                    self.steps.push(Step::End);
                }
            }
        }
    }

    fn leaf(&mut self, node: usize, todo: &mut Vec<Todo>) {
        self.steps.push(match self.graph.nodes[node] {
            Node::Root if matches!(self.graph.next[node], Next::If(..)) => Step::PushIsFirst,
            Node::Entries => Step::PushEntry,
            Node::Root => {
                return todo.extend(self.graph.next[node].targets().first().map(|&to| Todo::Branch(node, to)));
            }
            Node::Block(block) => Step::Block(block),
            Node::Set(number) => Step::SetSelector(number),
            Node::Move(by) => Step::AddSelector(by),
            Node::Selector => Step::PushSelector,
        });
        match &self.graph.next[node] {
            Next::Goto(to) => todo.push(Todo::Branch(node, *to)),
            Next::If(then, otherwise) => {
                self.open(Step::OpenIf, Frame::If);
                todo.extend([Todo::Close, Todo::Branch(node, *otherwise), Todo::Else, Todo::Branch(node, *then)]);
            }
            Next::Switch(targets) => {
                let is_moved = targets.iter().any(|&to| matches!(self.graph.nodes[to], Node::Move(_)));
                if is_moved && self.graph.nodes[node] != Node::Selector {
                    self.steps.push(Step::TeeSelector);
                }
                let labels = targets.iter().map(|&to| {
                    let backward = self.order[to] <= self.order[node];
                    self.depth(if backward { Frame::Loop(to) } else { Frame::Before(to) })
                });
                let step = Step::BrTable(labels.collect());
                self.steps.push(step);
            }
            Next::Leave => {}
        }
    }

    fn open(&mut self, step: Step, frame: Frame) {
        self.steps.push(step);
        self.frames.push(frame);
    }

    fn br(&mut self, frame: Frame) {
        let depth = self.depth(frame);
        self.steps.push(Step::Br(depth));
    }

    fn depth(&self, frame: Frame) -> u32 {
        let depth = self.frames.iter().rev().position(|&open| open == frame);
        depth.expect("the target of a branch encloses it in a reducible graph") as u32
    }
}

fn reverse_postorder(next: &[Next]) -> Vec<usize> {
    let mut seen = vec![false; next.len()];
    let mut post = Vec::new();
    let mut stack = vec![(0, next[0].targets())];
    seen[0] = true;
    while let Some((node, left)) = stack.last_mut() {
        match left.pop() {
            Some(to) if !seen[to] => {
                seen[to] = true;
                stack.push((to, next[to].targets()));
            }
            Some(_) => {}
            None => {
                post.push(*node);
                stack.pop();
            }
        }
    }
    post.reverse();
    post
}

/// Immediate dominators (Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm").
fn dominators(next: &[Next], rpo: &[usize], order: &[usize]) -> Vec<usize> {
    const NONE: usize = usize::MAX;
    let mut preds = vec![Vec::new(); next.len()];
    for &node in rpo {
        next[node].targets().into_iter().for_each(|to| preds[to].push(node));
    }
    let mut idom = vec![NONE; next.len()];
    idom[0] = 0;
    let mut changed = true;
    while changed {
        changed = false;
        for &node in &rpo[1..] {
            let mut new = NONE;
            for &pred in preds[node].iter().filter(|&&pred| idom[pred] != NONE) {
                new = if new == NONE { pred } else { common(&idom, order, new, pred) };
            }
            changed |= core::mem::replace(&mut idom[node], new) != new;
        }
    }
    idom
}

fn common(idom: &[usize], order: &[usize], mut a: usize, mut b: usize) -> usize {
    while a != b {
        while order[a] > order[b] {
            a = idom[a];
        }
        while order[b] > order[a] {
            b = idom[b];
        }
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    /// xorshift64*: reproducible from its seed.
    struct Random(u64);
    impl Random {
        fn below(&mut self, n: usize) -> usize {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
        }
    }

    /// The blocks visited from `entry`, when every decision is taken from `choices`; at most `limit` blocks.
    fn walk(graph: &Graph, entry: usize, choices: &mut Random, limit: usize) -> Vec<usize> {
        let (mut at, mut trace) = (graph.entries[entry], Vec::new());
        while trace.len() < limit {
            trace.push(at);
            at = match &graph.next[at] {
                Next::Goto(to) => *to,
                Next::If(a, b) => [*b, *a][choices.below(2)],
                Next::Switch(all) => all[choices.below(all.len())],
                Next::Leave => break,
            };
        }
        trace
    }

    /// Runs the steps as WebAssembly would.
    fn run(graph: &Graph, steps: &[Step], entry: usize, choices: &mut Random, limit: usize) -> Vec<usize> {
        // matching[i]: for an opening step its `end`, and its `else` if it has one.
        let (mut ends, mut elses, mut open) = (vec![0; steps.len()], vec![None; steps.len()], Vec::new());
        for (at, step) in steps.iter().enumerate() {
            match step {
                Step::OpenBlock | Step::OpenLoop | Step::OpenIf => open.push(at),
                Step::Else => elses[*open.last().unwrap()] = Some(at),
                Step::End => ends[open.pop().unwrap()] = at,
                _ => {}
            }
        }
        assert!(open.is_empty());
        let (mut labels, mut trace, mut stack, mut selector) = (Vec::<usize>::new(), Vec::new(), 0usize, 0u32);
        let mut at = 0;
        while trace.len() < limit {
            let branch = |depth: u32, labels: &mut Vec<usize>| -> usize {
                let label = labels[labels.len() - 1 - depth as usize];
                if steps[label] == Step::OpenLoop {
                    labels.truncate(labels.len() - depth as usize);
                    label + 1
                } else {
                    labels.truncate(labels.len() - 1 - depth as usize);
                    ends[label] + 1
                }
            };
            assert!(at < steps.len(), "fell off the end");
            match &steps[at] {
                Step::Block(block) => {
                    trace.push(*block);
                    match &graph.next[*block] {
                        Next::If(..) => stack = choices.below(2),
                        Next::Switch(all) => stack = choices.below(all.len()),
                        Next::Leave => break,
                        Next::Goto(_) => {}
                    }
                }
                Step::PushEntry => stack = entry,
                Step::PushIsFirst => stack = (entry == 0) as usize,
                Step::SetSelector(number) => selector = *number,
                Step::TeeSelector => selector = stack as u32,
                Step::AddSelector(by) => selector = selector.wrapping_add_signed(*by),
                Step::PushSelector => stack = selector as usize,
                Step::OpenBlock | Step::OpenLoop => labels.push(at),
                Step::OpenIf => {
                    labels.push(at);
                    if stack == 0 {
                        at = elses[at].unwrap();
                    }
                }
                Step::Else => {
                    let label = labels.pop().unwrap();
                    at = ends[label];
                }
                Step::End => {
                    labels.pop();
                }
                Step::Br(depth) => {
                    at = branch(*depth, &mut labels);
                    continue;
                }
                Step::BrTable(targets) => {
                    at = branch(targets[stack.min(targets.len() - 1)], &mut labels);
                    continue;
                }
            }
            at += 1;
        }
        trace
    }

    fn check(graph: &Graph, seed: u64) {
        let steps = structure(graph);
        for entry in 0..graph.entries.len() {
            for try_ in 0..4 {
                let seed = seed * 1000 + entry as u64 * 10 + try_ + 1;
                let want = walk(graph, entry, &mut Random(seed), 60);
                let got = run(graph, &steps, entry, &mut Random(seed), 60);
                assert_eq!(want, got, "seed {seed}, graph {graph:?}, steps {steps:?}");
            }
        }
    }

    #[test]
    fn a_loop_that_can_be_entered_in_its_middle() {
        let next = vec![Next::Goto(1), Next::If(2, 3), Next::Goto(1), Next::Leave];
        check(&Graph { next: next.clone(), entries: vec![0] }, 1);
        check(&Graph { next, entries: vec![0, 1, 2] }, 2);
    }

    #[test]
    fn an_irreducible_loop() {
        let next = vec![Next::If(1, 2), Next::If(2, 3), Next::Goto(1), Next::Leave];
        check(&Graph { next, entries: vec![0] }, 3);
    }

    #[test]
    fn random_graphs_keep_their_paths() {
        for seed in 1..3000u64 {
            let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let count = 1 + random.below(20);
            let next = (0..count)
                .map(|_| match random.below(8) {
                    0 => Next::Leave,
                    1 | 2 => Next::Goto(random.below(count)),
                    3 => Next::Switch((0..1 + random.below(9)).map(|_| random.below(count)).collect()),
                    _ => Next::If(random.below(count), random.below(count)),
                })
                .collect();
            let entries = (0..1 + random.below(9)).map(|_| random.below(count)).collect();
            check(&Graph { next, entries }, seed);
        }
    }

    #[test]
    fn a_long_chain_does_not_overflow_the_stack() {
        let count = 100_000;
        let next = (0..count).map(|at| if at + 1 < count { Next::Goto(at + 1) } else { Next::Leave }).collect();
        assert_eq!(structure(&Graph { next, entries: vec![0] }).len(), count);
    }
}
