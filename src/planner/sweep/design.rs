//! How the points of a sweep are laid.

use crate::engine::Streams;

use super::manifest::Scale;

/// Every combination, the last axis moving first.
pub(super) fn grid(axes: &[Scale]) -> Vec<Vec<String>> {
    let mut points: Vec<Vec<String>> = vec![Vec::new()];
    for axis in axes {
        let places = axis.places().unwrap_or(1);
        points = points
            .iter()
            .flat_map(|point| {
                (0..places).map(|place| {
                    let mut point = point.clone();
                    point.push(axis.at(place));
                    point
                })
            })
            .collect();
    }
    points
}

/// A Latin hypercube (McKay, Beckman and Conover 1979): each axis is cut into `count` strata, and each stratum of each
/// axis has one point, at a random place within it. Every axis has a stream of its own.
pub(super) fn hypercube(axes: &[Scale], count: usize, draw: u64) -> Vec<Vec<String>> {
    let mut points: Vec<Vec<String>> = vec![Vec::with_capacity(axes.len()); count];
    for (number, axis) in axes.iter().enumerate() {
        let mut stream = Streams::new(draw).stream("sweep hypercube", number as u64);
        let mut strata: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            let other = stream.below(last as u64 + 1) as usize;
            strata.swap(last, other);
        }
        for (point, stratum) in points.iter_mut().zip(strata) {
            point.push(axis.along((stratum as f64 + stream.unit()) / count as f64));
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_has_every_combination_once() {
        let axes = [
            Scale::Values(vec!["a".into(), "b".into()]),
            Scale::Steps { low: 1.0, step: 0.5, count: 3, unit: "TiB".into() },
        ];
        let points = grid(&axes);
        assert_eq!(points.len(), 6);
        assert_eq!(points[0], ["a", "1TiB"]);
        assert_eq!(points[4], ["b", "1.5TiB"]);
    }

    #[test]
    fn a_hypercube_has_one_point_in_each_stratum_of_each_axis() {
        let axes = [
            Scale::Any { low: 10.0, high: 20.0, unit: String::new() },
            Scale::Steps { low: 0.0, step: 1.0, count: 25, unit: String::new() },
        ];
        let points = hypercube(&axes, 50, 7);
        let number = |point: &Vec<String>, axis: usize| point[axis].parse::<f64>().unwrap();
        let mut strata: Vec<usize> =
            points.iter().map(|point| ((number(point, 0) - 10.0) / 10.0 * 50.0) as usize).collect();
        strata.sort_unstable();
        assert_eq!(strata, (0..50).collect::<Vec<_>>());
        for value in 0..25 {
            let count = points.iter().filter(|point| number(point, 1) == f64::from(value)).count();
            assert_eq!(count, 2, "each of 25 values twice in 50 strata");
        }
        assert_eq!(points, hypercube(&axes, 50, 7));
        assert_ne!(points, hypercube(&axes, 50, 8));
    }
}
