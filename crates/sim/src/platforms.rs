//! Takes a machine image; says what runs on the instances that are made of it, and how AWS writes that. Never boots one.

/// The images that this world tells apart: the last digit of an image's id is its place in here. Source: "AMI billing information
/// fields", Amazon EC2 User Guide. The databases without "Windows" run on Linux.
#[rustfmt::skip]
const PLATFORMS: [Platform; 13] = [
    LINUX,
    Platform { details: "Red Hat Enterprise Linux", usage_operation: "RunInstances:0010" },
    Platform { details: "Red Hat Enterprise Linux with HA", usage_operation: "RunInstances:1010" },
    Platform { details: "SUSE Linux", usage_operation: "RunInstances:000g" },
    Platform { details: "Ubuntu Pro", usage_operation: "RunInstances:0g00" },
    Platform { details: "SQL Server Enterprise", usage_operation: "RunInstances:0100" },
    Platform { details: "SQL Server Standard", usage_operation: "RunInstances:0004" },
    Platform { details: "SQL Server Web", usage_operation: "RunInstances:0200" },
    Platform { details: "Windows", usage_operation: "RunInstances:0002" },
    Platform { details: "Windows BYOL", usage_operation: "RunInstances:0800" },
    Platform { details: "Windows with SQL Server Enterprise", usage_operation: "RunInstances:0102" },
    Platform { details: "Windows with SQL Server Standard", usage_operation: "RunInstances:0006" },
    Platform { details: "Windows with SQL Server Web", usage_operation: "RunInstances:0202" },
];

const LINUX: Platform = Platform { details: "Linux/UNIX", usage_operation: "RunInstances" };

/// What the ids of these images begin with.
const IMAGES: &str = "ami-0123456789abcdef";

/// What runs on an instance, as far as AWS tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platform {
    /// As `platformDetails` says it.
    pub details: &'static str,
    /// As `usageOperation` says it: what is paid for.
    pub usage_operation: &'static str,
}

impl Platform {
    /// An image that this world does not know is one with Linux.
    pub(crate) fn of_image(image: &str) -> Self {
        let digit = image.strip_prefix(IMAGES).and_then(|digit| usize::from_str_radix(digit, 16).ok());
        digit.and_then(|place| PLATFORMS.get(place)).copied().unwrap_or(LINUX)
    }

    /// The id of an image that has these platform details, such as `Windows BYOL`; none if the world knows no such image.
    pub fn image(details: &str) -> Option<String> {
        let place = PLATFORMS.iter().position(|platform| platform.details == details)?;
        Some(format!("{IMAGES}{place:x}"))
    }

    /// What `platform` says: `windows`, in lower case, though the model's enumeration says `Windows`; nothing for all others. Source:
    /// aws/aws-cli issue 9043, boto/botocore issue 3128.
    pub fn name(self) -> Option<&'static str> {
        self.details.starts_with("Windows").then_some("windows")
    }
}
