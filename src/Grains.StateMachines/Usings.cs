global using Orleans;

[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("Grains.StateMachines.Tests")]
