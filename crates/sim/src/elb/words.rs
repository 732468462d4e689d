//! Takes the words of the ELB API; gives a type for each vocabulary, and one for each kind of ARN. Never checks whether words fit together.
//!
//! Source: botocore `elbv2/2015-12-01`, enumerations.

use std::fmt;
use std::sync::Arc;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $(
                #[doc = concat!("`", $word, "`.")]
                $variant,
            )*
        }

        impl $name {
            /// As AWS writes it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// What this word stands for; none if AWS has no such word, or the world does not simulate it.
            pub fn named(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    )*};
}

words! {
    /// What a load balancer looks at: requests, connections or packets.
    LoadBalancerType {
        Application = "application",
        Network = "network",
        Gateway = "gateway",
    }
    /// Who can reach a load balancer.
    Scheme {
        InternetFacing = "internet-facing",
        Internal = "internal",
    }
    /// How far a load balancer has come.
    LoadBalancerState {
        Provisioning = "provisioning",
        Active = "active",
    }
    /// What a listener or a target group speaks.
    Protocol {
        Http = "HTTP",
        Https = "HTTPS",
        Tcp = "TCP",
        Tls = "TLS",
        Udp = "UDP",
        TcpUdp = "TCP_UDP",
        Geneve = "GENEVE",
    }
    /// What the targets of a group are.
    TargetType {
        Instance = "instance",
        Ip = "ip",
        Lambda = "lambda",
        Alb = "alb",
    }
    /// What DescribeTargetHealth says of a target.
    TargetState {
        Initial = "initial",
        Healthy = "healthy",
        Unhealthy = "unhealthy",
        Unused = "unused",
        Draining = "draining",
        Unavailable = "unavailable",
    }
}

impl LoadBalancerType {
    /// What stands for it in an ARN.
    pub(crate) fn in_arn(self) -> &'static str {
        match self {
            Self::Application => "app",
            Self::Network => "net",
            Self::Gateway => "gwy",
        }
    }

    /// The type of its interfaces. Source: botocore `ec2/2016-11-15`, `NetworkInterfaceType`.
    pub(crate) fn interface_type(self) -> &'static str {
        match self {
            Self::Application => "load_balancer",
            Self::Network => "network_load_balancer",
            Self::Gateway => "gateway_load_balancer",
        }
    }

    /// What its listeners can speak. A Gateway Load Balancer's listens to every packet, and has no protocol. Source: botocore,
    /// `CreateListener`.
    pub(crate) fn speaks(self) -> &'static [Protocol] {
        match self {
            Self::Application => &[Protocol::Http, Protocol::Https],
            Self::Network => &[Protocol::Tcp, Protocol::Tls, Protocol::Udp, Protocol::TcpUdp],
            Self::Gateway => &[],
        }
    }

    /// What its target groups can speak. Source: botocore, `CreateTargetGroup`.
    pub(crate) fn speaks_to_targets(self) -> &'static [Protocol] {
        match self {
            Self::Gateway => &[Protocol::Geneve],
            other => other.speaks(),
        }
    }
}

macro_rules! arns {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// As AWS writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<S: AsRef<str>> From<S> for $name {
            fn from(arn: S) -> Self {
                Self(Arc::from(arn.as_ref()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

arns! {
    /// A listener's ARN.
    ListenerArn;
    /// The ARN of a listener's rule.
    RuleArn;
    /// A target group's ARN.
    TargetGroupArn;
}
